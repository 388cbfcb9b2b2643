"""Every vote is in the tallies once, whoever folds, whenever."""

from typing import Any

import pytest

from arena.arenas.models import Arena
from arena.battles.models import Response
from arena.rankings import folding
from arena.rankings.folding import fold_votes, recount
from arena.rankings.models import BattleTraits, BoardState, FoldWatermark, Tally, TallyCell
from arena.rankings.pair_counts import PairCount
from arena.systems.models import SystemVersion
from arena.votes.models import Vote
from arena.votes.outcome import Outcome
from tests.ballots import make_arena, make_battle, make_versions, make_voter, tallied
from tests.pasts import rewritten
from tests.rankings.voting import assert_recounted, reveal, vote

Scene = tuple[Arena, list[SystemVersion]]


@pytest.fixture
def scene(db: None) -> Scene:
    arena = make_arena()
    return arena, make_versions(arena, ["Ada", "Bell", "Cray"])


def test_outcomes_are_counted_by_the_sides_that_the_systems_stood_on(scene: Scene) -> None:
    arena, (ada, bell, cray) = scene
    for left, right, outcome in [
        (ada, bell, Outcome.LEFT),
        (bell, ada, Outcome.RIGHT),
        (bell, ada, Outcome.LEFT),
        (ada, bell, Outcome.TIE),
        (cray, bell, Outcome.BOTH_BAD),
    ]:
        vote(arena, left, right, outcome)
    assert fold_votes(arena.id) == 5
    assert tallied(arena) == {
        (ada.id, bell.id): PairCount(1, 0, 1, 0),
        (bell.id, ada.id): PairCount(1, 1, 0, 0),
        (cray.id, bell.id): PairCount(0, 0, 0, 1),
    }
    assert_recounted(arena)


def test_a_second_fold_adds_only_what_is_new(scene: Scene) -> None:
    arena, (ada, bell, cray) = scene
    vote(arena, ada, bell, Outcome.LEFT)
    assert [fold_votes(arena.id), fold_votes(arena.id)] == [1, 0]
    vote(arena, ada, bell, Outcome.LEFT)
    vote(arena, ada, cray, Outcome.LEFT)
    assert [fold_votes(arena.id), fold_votes(arena.id)] == [2, 0]
    assert tallied(arena) == {(ada.id, bell.id): PairCount(2), (ada.id, cray.id): PairCount(1)}
    assert FoldWatermark.objects.get().counted == 3
    assert_recounted(arena)


def test_arenas_do_not_mix(scene: Scene) -> None:
    arena, (ada, bell, _cray) = scene
    other = make_arena("other")
    pair = make_versions(other, ["Xan", "Yara"])
    vote(arena, ada, bell, Outcome.LEFT)
    vote(other, *pair, Outcome.TIE)
    vote(arena, ada, bell, Outcome.RIGHT)
    assert (fold_votes(other.id), fold_votes(arena.id)) == (1, 2)
    assert set(tallied(other)) == {(pair[0].id, pair[1].id)}
    assert_recounted(arena)
    assert_recounted(other)


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_vote_on_an_answer_that_names_its_maker_is_kept_and_not_counted(scene: Scene, side: str) -> None:
    arena, (ada, bell, _cray) = scene
    reveal(vote(arena, ada, bell, Outcome.LEFT), side)
    vote(arena, ada, bell, Outcome.LEFT)
    assert fold_votes(arena.id) == 2
    assert FoldWatermark.objects.get().excluded == {"identity_revealed": 1}
    assert tallied(arena) == {(ada.id, bell.id): PairCount(1)}
    assert Vote.objects.count() == 2
    assert_recounted(arena)


def test_what_an_earlier_turn_revealed_counts_and_what_the_voter_never_saw_does_not(scene: Scene) -> None:
    arena, (ada, bell, _cray) = scene
    seen, unseen, redrawn = (vote(arena, ada, bell, Outcome.LEFT, turns=2) for _vote in range(3))
    reveal(seen, "left", turn__n=1)
    reveal(unseen, "left", turn__n=2)
    with rewritten():
        Vote.objects.filter(id=unseen.id).update(turn_n=1)
    replaced = make_battle(arena, bell, ada).pairing
    reveal(redrawn, "left", turn__n=1)
    Response.objects.filter(turn__battle=redrawn.battle_id, side="left", turn__n=1).update(
        pairing=replaced, status="discarded"
    )
    fold_votes(arena.id)
    assert FoldWatermark.objects.get().excluded == {"identity_revealed": 1}
    assert FoldWatermark.objects.get().counted == 2


@pytest.mark.parametrize("marked", ["battle", "voter"])
def test_simulated_votes_count_in_demo_arenas_only(db: None, marked: str) -> None:
    for demo in (True, False):
        arena = make_arena(f"demo-{demo}", demo=demo)
        voter = make_voter(simulated=marked == "voter")
        vote(arena, *make_versions(arena, ["Ada", "Bell"]), Outcome.LEFT, voter=voter, simulated=marked == "battle")
        assert fold_votes(arena.id) == 1
        watermark = FoldWatermark.objects.get(arena=arena)
        assert (watermark.counted, watermark.simulated) == (int(demo), int(demo))
        assert watermark.excluded == ({} if demo else {"simulated": 1})
        assert_recounted(arena)


def test_nothing_new_costs_two_statements(scene: Scene, django_assert_num_queries: Any) -> None:
    arena, (ada, bell, _cray) = scene
    vote(arena, ada, bell, Outcome.LEFT)
    fold_votes(arena.id)
    with django_assert_num_queries(2):
        assert fold_votes(arena.id) == 0


def test_a_fold_killed_before_its_commit_leaves_no_trace(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    arena, (ada, bell, _cray) = scene
    vote(arena, ada, bell, Outcome.LEFT)

    class Killed(Exception):
        pass

    def die(self: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(FoldWatermark, "save", die)  # the tallies are written by now
        with pytest.raises(Killed):
            fold_votes(arena.id)
    assert not Tally.objects.exists()
    assert not BattleTraits.objects.exists()
    assert fold_votes(arena.id) == 1
    assert_recounted(arena)


def test_a_recount_finds_and_repairs_what_disagrees(scene: Scene) -> None:
    arena, (ada, bell, cray) = scene
    vote(arena, ada, bell, Outcome.LEFT)
    late = vote(arena, ada, cray, Outcome.LEFT)
    fold_votes(arena.id)
    reveal(late, "right")
    Tally.objects.filter(right=bell, board="all").update(left_wins=7)

    found = recount(arena.id)
    assert not found.agrees
    assert Tally.objects.filter(board="all").count() == 2
    assert not recount(arena.id, apply=True).agrees
    assert recount(arena.id).agrees
    assert tallied(arena) == {(ada.id, bell.id): PairCount(1)}
    assert FoldWatermark.objects.get().excluded == {"identity_revealed": 1}
    assert fold_votes(arena.id) == 0


def test_a_long_backlog_is_folded_in_pieces(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    arena, (ada, bell, _cray) = scene
    other = make_arena("other")
    pair = make_versions(other, ["Xan", "Yara"])
    for _vote in range(5):
        vote(arena, ada, bell, Outcome.LEFT)
        vote(other, *pair, Outcome.LEFT)
    monkeypatch.setattr(folding, "CHUNK", 2)
    assert [fold_votes(arena.id), fold_votes(arena.id)] == [5, 0]
    assert tallied(arena) == {(ada.id, bell.id): PairCount(5)}
    assert BoardState.objects.get(arena=arena, board="all").revision == 3
    assert TallyCell.objects.filter(arena=arena).count() == 1


def test_one_fold_asks_for_groups_not_for_votes(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    arena, (ada, bell, _cray) = scene
    for _vote in range(6):
        vote(arena, ada, bell, Outcome.LEFT)
    fold_votes(arena.id)
    rows = list(folding._groups(folding._judged(arena, 0, 10**9)))
    assert [(row.n, row.outcome) for row in rows] == [(6, "left")]
