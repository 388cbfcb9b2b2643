"""Boards that need single votes: by voter, and weighted by the logged draws."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from pytest_django import DjangoDbBlocker

from arena.arenas.models import Arena
from arena.rankings import by_vote
from arena.rankings.by_vote import KINDS, keep
from arena.rankings.computing import NoBoardYet, rank_arena, recompute, sha256_of
from arena.rankings.filters import EVERYTHING, FilterError, filter_of
from arena.rankings.history import history_of
from arena.rankings.models import Snapshot
from arena.rankings.questions import Question, board_of, method_of
from arena.rankings.selectors import leaderboard
from arena.rankings.services import refresh_arena, refresh_board
from arena.rankings.single_votes import BLOCK, read_single
from arena.rankings.variants import VARIANTS
from arena.router.models import Pairing
from arena.systems.models import SystemVersion
from arena.votes.models import Vote
from arena.votes.outcome import Outcome
from tests.ballots import make_arena, make_versions, make_voter
from tests.kept_rows import kept_rows
from tests.rankings.voting import CODE, three_systems, vote, vote_rows

Scene = tuple[Arena, list[SystemVersion]]
pytestmark = pytest.mark.django_db
CLUSTERED = method_of("bradley-terry", "clustered")
WEIGHTED = method_of("bradley-terry", weights="inverse-propensity")


@pytest.fixture(scope="module")
def scene(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Scene]:
    """Each pair meets; one voter casts most votes, and always for the left one."""
    with kept_rows(django_db_blocker):
        arena, versions, pairs = three_systems()
        vote_rows(arena, [(*pair, Outcome.RIGHT) for pair in pairs])
        vote_rows(arena, [(*pair, Outcome.LEFT) for pair in pairs], prompt=CODE)
        vote_rows(arena, [(*pair, Outcome.LEFT) for pair in pairs for _vote in range(6)], voter=make_voter())
        refresh_arena(arena.id)
        yield arena, versions


def test_votes_of_one_voter_count_as_hanging_together(scene: Scene) -> None:
    arena, _versions = scene
    assert keep(arena) == 3 * Snapshot.objects.filter(variant="").values("board").distinct().count()
    usual, clustered = leaderboard(arena), leaderboard(arena, variant="clustered")
    assert clustered.method["intervals"] == "clustered"
    assert clustered.counted == usual.counted == 24
    for one, other in zip(usual.rows, clustered.rows, strict=True):
        assert (one.system, one.rating) == (other.system, pytest.approx(other.rating, abs=1e-9))
        assert one.upper is not None
        assert other.upper is not None
    assert max(b.upper - b.lower - (a.upper - a.lower) for a, b in zip(usual.rows, clustered.rows, strict=True)) > 1  # type: ignore[operator]


def test_a_pair_drawn_rarely_weighs_more(db: None) -> None:
    """Of two systems the first wins with p = Σw·win / Σw exactly."""
    arena = make_arena("alone")
    ada, bell = make_versions(arena, ["Ada", "Bell"])
    vote_rows(arena, [(ada, bell, Outcome.LEFT)] * 7)
    lost = vote(arena, ada, bell, Outcome.RIGHT)
    Pairing.objects.update(pair_propensity=0.5)
    Pairing.objects.filter(id=lost.battle.pairing_id).update(pair_propensity=0.125)
    computed = rank_arena(arena.id, WEIGHTED)
    ratings = {name: row.rating for name, row in zip(computed.names, computed.board.rows, strict=True)}
    assert ratings["Ada"] - ratings["Bell"] == pytest.approx(400 * math.log10(7 * 2 / 8))  # type: ignore[operator]
    assert [row.votes for row in computed.board.rows] == [8, 8]


def test_nothing_is_read_again_until_the_votes_change_and_some_time_has_passed(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    arena, (ada, bell, _cray) = scene
    keep(arena)
    with django_assert_max_num_queries(9):
        assert keep(arena) == 0
    vote(arena, ada, bell, Outcome.TIE)
    refresh_board(arena.id)
    monkeypatch.setattr(by_vote, "VOTES_PER_SECOND", 0.001)
    assert keep(arena) == 0
    monkeypatch.setattr(by_vote, "VOTES_PER_SECOND", 1e9)
    assert keep(arena) > 0
    assert leaderboard(arena, variant="clustered").counted == 25


def test_a_live_refresh_does_not_wait_for_single_votes(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    arena, (ada, bell, _cray) = scene
    monkeypatch.setattr("arena.rankings.computing.read_single", lambda *_asked: pytest.fail("votes were read"))
    vote(arena, ada, bell, Outcome.TIE)
    assert refresh_board(arena.id) is not None


def test_a_variant_is_computed_again_to_the_byte(scene: Scene) -> None:
    arena, _versions = scene
    keep(arena)
    for snapshot in Snapshot.objects.filter(board__in=["all", "category:coding"]):
        again = recompute(Snapshot.objects.get(pk=snapshot.pk))
        assert sha256_of(again.document(arena.slug)) == snapshot.document_sha256


def test_variants_stay_out_of_the_usual_board_and_its_history(scene: Scene) -> None:
    arena, _versions = scene
    before = leaderboard(arena), history_of(arena)
    keep(arena)
    assert (leaderboard(arena), history_of(arena)) == before


def test_what_is_not_kept_is_refused_and_what_is_not_there_yet_is_said(scene: Scene) -> None:
    arena, _versions = scene
    with pytest.raises(NoBoardYet):
        board_of(arena, Question(method=CLUSTERED))
    with pytest.raises(FilterError, match="single votes"):
        Question(filter_of("en", ["coding"]), CLUSTERED)
    with pytest.raises(FilterError, match="single votes"):
        Question(method=method_of("davidson", weights="inverse-propensity"))
    keep(arena)
    assert board_of(arena, Question(filter_of(None, ["coding"]), CLUSTERED)).counted == 3


def test_a_single_voter_gives_no_intervals_by_voter(db: None) -> None:
    arena = make_arena("alone")
    ada, bell = make_versions(arena, ["Ada", "Bell"])
    alone = make_voter()
    for outcome in (Outcome.LEFT, Outcome.RIGHT):
        vote(arena, ada, bell, outcome, voter=alone)
    refresh_arena(arena.id)
    keep(arena)
    assert set(Snapshot.objects.exclude(variant="").values_list("variant", flat=True)) == {"weighted"}


def test_blocks_give_what_the_whole_gives(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    arena, _versions = scene
    last = Vote.objects.latest("id").id
    whole = read_single(arena, last)
    monkeypatch.setattr("arena.rankings.single_votes.BLOCK", 5)
    pieces = read_single(arena, last)
    assert BLOCK > len(whole) == 24
    for name in SingleColumns:
        assert np.array_equal(getattr(whole, name), getattr(pieces, name))
    assert len(whole.on_board(filter_of("en", ["coding"]))) == 3
    assert whole.on_board(EVERYTHING) is whole
    assert len(read_single(arena, 0)) == 0


SingleColumns = ("left", "right", "outcome", "voter", "propensity", "language", "categories")


def test_the_command_ranks_an_arena_by_voter_and_by_weight(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    arena, _versions = scene
    call_command("rank", "--arena", arena.slug, "--intervals", "clustered", "--weights", "inverse-propensity")
    assert "Ada" in capsys.readouterr().out
    assert set(KINDS) == set(VARIANTS) - {""}
