"""A withdrawn vote is in no tally, whether it was withdrawn before or after it was folded."""

import pytest

from arena.rankings.folding import fold_votes, locked_watermark, recount
from arena.rankings.models import Snapshot
from arena.rankings.services import refresh_arena
from arena.rankings.withdrawing import take_out_withdrawn
from arena.votes.outcome import Outcome
from arena.votes.services import cast_vote
from arena.votes.withdrawals import withdraw_battle
from tests.ballots import make_arena, make_battles, make_versions, tallied

pytestmark = pytest.mark.django_db


@pytest.fixture
def battles():
    arena = make_arena()
    ada, bell = make_versions(arena, ["Ada", "Bell"])
    made = make_battles(arena, [(ada, bell)] * 6)
    for battle in made:
        cast_vote(battle.id, battle.voter, Outcome.LEFT)
    return made


def counted(arena_id):
    from django.db import transaction

    with transaction.atomic():
        mark = locked_watermark(arena_id)
    return mark.counted, mark.excluded


@pytest.mark.parametrize("folded_first", [True, False])
def test_a_withdrawn_vote_leaves_the_tallies_and_a_count_from_scratch_agrees(battles, folded_first):
    arena = battles[0].arena
    if folded_first:
        fold_votes(arena.id)
    withdraw_battle(battles[0].id, vote=True)
    withdraw_battle(battles[1].id, vote=False)
    fold_votes(arena.id)
    assert take_out_withdrawn(arena.id) == 1
    assert take_out_withdrawn(arena.id) == 0
    assert sum(count.total for count in tallied(arena).values()) == 5
    assert counted(arena.id) == (5, {"withdrawn": 1})
    assert recount(arena.id).agrees


def test_the_next_leaderboard_is_without_it(battles):
    arena = battles[0].arena
    refresh_arena(arena.id)
    withdraw_battle(battles[0].id, vote=True)
    refresh_arena(arena.id)
    newest = Snapshot.objects.filter(arena=arena).order_by("-id").first()
    assert newest.inputs["counted"] == 5
    assert newest.inputs["excluded"] == {"withdrawn": 1}


def test_an_excluded_vote_changes_its_class(battles):
    from arena.battles.models import Response

    arena = battles[0].arena
    Response.objects.filter(turn__battle=battles[0]).update(identity_matches=["I am Ada"])
    fold_votes(arena.id)
    assert counted(arena.id) == (5, {"identity_revealed": 1})
    withdraw_battle(battles[0].id, vote=True)
    take_out_withdrawn(arena.id)
    assert counted(arena.id) == (5, {"withdrawn": 1})
    assert recount(arena.id).agrees
