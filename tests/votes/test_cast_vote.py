"""Casting the one vote of a battle."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from arena.battles.errors import BattleNotFound, NotReady
from arena.battles.models import Battle
from arena.battles.states import SIDES, BattleState
from arena.common.models import OutboxMessage
from arena.votes.models import Vote
from arena.votes.outcome import FEEDBACK_MAX_CHARS, Outcome
from arena.votes.services import VoteConflict, VoteInvalid, cast_vote, vote_of
from tests.ballots import make_arena, make_battle, make_versions, make_voter

OTHER = {
    Outcome.LEFT: Outcome.TIE,
    Outcome.RIGHT: Outcome.LEFT,
    Outcome.TIE: Outcome.BOTH_BAD,
    Outcome.BOTH_BAD: Outcome.RIGHT,
}


@pytest.fixture
def battle(db: None) -> Battle:
    """Alice's battle, ready for her vote."""
    arena = make_arena()
    return make_battle(arena, *make_versions(arena, ["Ada", "Bell"]), turns=2)


@pytest.mark.parametrize("outcome", Outcome)
def test_a_vote_closes_the_battle_and_promises_a_new_board(battle: Battle, outcome: Outcome) -> None:
    cast = cast_vote(battle.id, battle.voter, outcome, {"left": ["clear"]}, {"right": " too long "})

    battle.refresh_from_db()
    stored = Vote.objects.get()
    assert cast.created
    assert battle.state == BattleState.VOTED.value
    assert (stored.id, stored.outcome, stored.voter_id, stored.turn_n) == (
        cast.vote.id,
        outcome.value,
        battle.voter_id,
        2,
    )
    assert stored.reasons == {"left": ["clear"], "right": []}
    assert stored.feedback == {"left": "", "right": "too long"}
    message = OutboxMessage.objects.get()
    assert (message.task, message.args) == ("arena.refresh_board", [battle.arena_id])


def test_a_vote_costs_four_statements(battle: Battle, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(6):  # and the two of the savepoint that a test's transaction adds
        cast_vote(battle.id, battle.voter, Outcome.LEFT)


@pytest.mark.parametrize("outcome", Outcome)
def test_the_same_vote_again_gives_the_stored_one(battle: Battle, outcome: Outcome) -> None:
    first = cast_vote(battle.id, battle.voter, outcome, {"left": ["clear", "useful"]}, {"left": "good"})
    again = cast_vote(battle.id, battle.voter, outcome, {"left": ["useful", "clear", "clear"]}, {"left": "good "})

    assert not again.created
    assert again.vote == first.vote
    assert Vote.objects.count() == OutboxMessage.objects.count() == 1


@pytest.mark.parametrize("outcome", Outcome)
def test_another_outcome_is_a_conflict_and_changes_nothing(battle: Battle, outcome: Outcome) -> None:
    cast_vote(battle.id, battle.voter, outcome)
    with pytest.raises(VoteConflict):
        cast_vote(battle.id, battle.voter, OTHER[outcome])
    assert Vote.objects.get().outcome == outcome.value


@pytest.mark.parametrize("side", SIDES)
def test_other_reasons_or_feedback_are_a_conflict_too(battle: Battle, side: Any) -> None:
    cast_vote(battle.id, battle.voter, Outcome.TIE)
    with pytest.raises(VoteConflict):
        cast_vote(battle.id, battle.voter, Outcome.TIE, {side: ["unsafe"]})
    with pytest.raises(VoteConflict):
        cast_vote(battle.id, battle.voter, Outcome.TIE, {}, {side: "and yet"})


@pytest.mark.parametrize(
    "state", [state for state in BattleState if state not in {BattleState.READY, BattleState.VOTED}]
)
def test_only_a_ready_battle_takes_a_vote(battle: Battle, state: BattleState) -> None:
    Battle.objects.filter(id=battle.id).update(state=state.value)
    with pytest.raises(NotReady):
        cast_vote(battle.id, battle.voter, Outcome.LEFT)
    assert not Vote.objects.exists()
    assert not OutboxMessage.objects.exists()


def test_mallory_cannot_tell_a_foreign_battle_from_an_unknown_one(
    battle: Battle, django_assert_num_queries: Any
) -> None:
    mallory = make_voter()
    for battle_id in (battle.id, uuid.uuid4()):
        with django_assert_num_queries(4), pytest.raises(BattleNotFound) as refusal:  # three are the savepoint
            cast_vote(battle_id, mallory, Outcome.LEFT)
        assert str(refusal.value) == str(battle_id)
    with pytest.raises(BattleNotFound):
        cast_vote(battle.id, None, Outcome.LEFT)
    assert vote_of(battle.id) is None


@pytest.mark.parametrize(
    ("reasons", "feedback", "field", "code"),
    [
        ({"left": ["nice"]}, {}, "reasons.left", "unknown_reason"),
        ({"right": ["clear", 3]}, {}, "reasons.right", "unknown_reason"),
        ({"right": "clear"}, {}, "reasons.right", "not_a_list"),
        ({"right": None}, {}, "reasons.right", "not_a_list"),
        ({"middle": []}, {}, "reasons", "unknown_side"),
        (["clear"], {}, "reasons", "unknown_side"),
        ({}, {"middle": ""}, "feedback", "unknown_side"),
        ({}, {"left": "x" * (FEEDBACK_MAX_CHARS + 1)}, "feedback.left", "too_long"),
        ({}, {"right": "nul \0"}, "feedback.right", "not_text"),
        ({}, {"right": "\ud83d"}, "feedback.right", "not_text"),
        ({}, {"right": 4}, "feedback.right", "not_text"),
    ],
)
def test_what_cannot_be_stored_is_refused_by_name(
    battle: Battle, reasons: Any, feedback: Any, field: str, code: str
) -> None:
    with pytest.raises(VoteInvalid) as refusal:
        cast_vote(battle.id, battle.voter, Outcome.LEFT, reasons, feedback)
    assert (refusal.value.field, refusal.value.code) == (field, code)
    assert Battle.objects.get().state == BattleState.READY.value


def test_feedback_of_full_length_in_any_script_is_kept(battle: Battle) -> None:
    text = "𝄞é" * (FEEDBACK_MAX_CHARS // 2)
    assert cast_vote(battle.id, battle.voter, Outcome.LEFT, {}, {"left": text}).vote.feedback["left"] == text


@pytest.mark.django_db(transaction=True)
def test_fifty_parallel_votes_on_one_battle_store_one_row() -> None:
    arena = make_arena()
    battle = make_battle(arena, *make_versions(arena, ["Ada", "Bell"]))
    start = threading.Barrier(50)

    def vote(n: int) -> str:
        start.wait(timeout=30)
        try:
            cast = cast_vote(battle.id, battle.voter, Outcome.LEFT if n % 2 else Outcome.TIE)
        except VoteConflict:
            return "conflict"
        finally:
            connection.close()
        return "created" if cast.created else "same"

    with ThreadPoolExecutor(50) as pool:
        results = list(pool.map(vote, range(50)))

    assert (results.count("created"), results.count("same"), results.count("conflict")) == (1, 24, 25)
    assert Vote.objects.count() == OutboxMessage.objects.count() == 1


def test_a_second_row_is_refused_by_the_database_itself(battle: Battle) -> None:
    cast_vote(battle.id, battle.voter, Outcome.LEFT)
    with pytest.raises(IntegrityError), transaction.atomic():
        Vote.objects.create(battle=battle, voter=battle.voter, outcome="tie", turn_n=1)
