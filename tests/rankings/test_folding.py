"""Every vote is in the tallies once, whoever folds, whenever."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction

from arena.arenas.models import Arena
from arena.battles.models import Battle, Response, Turn
from arena.rankings import folding, traits
from arena.rankings.filters import filter_of
from arena.rankings.folding import fold_votes, recount
from arena.rankings.models import BattleTraits, BoardState, FoldWatermark, Tally, TallyCell
from arena.rankings.pair_counts import PairCount
from arena.rankings.sorting import Sorting
from arena.systems.models import SystemVersion
from arena.votes.models import Vote
from arena.votes.outcome import Outcome
from arena.votes.services import cast_vote, last_settled_vote
from tests.ballots import make_arena, make_battle, make_versions, make_voter, tallied

Scene = tuple[Arena, list[SystemVersion]]


@pytest.fixture
def scene(db: None) -> Scene:
    arena = make_arena()
    return arena, make_versions(arena, ["Ada", "Bell", "Cray"])


def vote(arena: Arena, left: SystemVersion, right: SystemVersion, outcome: Outcome, **battle: Any) -> Vote:
    made = make_battle(arena, left, right, **battle)
    return cast_vote(made.id, made.voter, outcome).vote


def reveal(vote: Vote, side: str, **where: Any) -> None:
    Response.objects.filter(turn__battle=vote.battle_id, side=side, **where).update(identity_matches=["I am Ada"])


def assert_recounted(arena: Arena) -> None:
    assert recount(arena.id).agrees


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


# --- What battles were about ---------------------------------------------------------------------------------------

POEM = "Écris un poème sur la pluie qui tombe doucement."
CODE = "How do I sort a list in Python by its second field?"


def test_a_vote_counts_on_the_boards_of_its_language_and_categories(scene: Scene) -> None:
    arena, (ada, bell, _cray) = scene
    vote(arena, ada, bell, Outcome.LEFT, prompt=POEM)
    vote(arena, ada, bell, Outcome.TIE, prompt=CODE, turns=2)
    fold_votes(arena.id)
    assert dict(BoardState.objects.values_list("board", "counted")) == {
        "all": 2,
        "language:fr": 1,
        "language:en": 1,
        "category:creative-writing": 1,
        "category:coding": 1,
        "category:multi-turn": 1,
    }
    assert tallied(arena, filter_of("fr", [])) == {(ada.id, bell.id): PairCount(1)}
    assert tallied(arena, filter_of(None, ["coding"])) == {(ada.id, bell.id): PairCount(0, 0, 1)}
    assert_recounted(arena)


def test_any_combination_of_filters_is_a_sum_of_cells(scene: Scene) -> None:
    arena, (ada, bell, cray) = scene
    vote(arena, ada, bell, Outcome.LEFT, prompt=CODE)
    vote(arena, ada, cray, Outcome.RIGHT, prompt=CODE, turns=2)
    vote(arena, cray, bell, Outcome.LEFT, prompt=POEM, turns=2)
    fold_votes(arena.id)
    both = {(ada.id, cray.id): PairCount(0, 1)}
    assert tallied(arena, filter_of("en", ["coding", "multi-turn"])) == both
    assert tallied(arena, filter_of(None, ["multi-turn", "coding"])) == both
    assert tallied(arena, filter_of("fr", ["coding"])) == {}


def test_what_was_asked_after_the_vote_counts_for_nothing(scene: Scene) -> None:
    arena, (ada, bell, _cray) = scene
    early = vote(arena, ada, bell, Outcome.LEFT, prompt=CODE, turns=2)
    Vote.objects.filter(id=early.id).update(turn_n=1)
    fold_votes(arena.id)
    assert not BoardState.objects.filter(board="category:multi-turn").exists()


def test_an_erased_prompt_keeps_its_categories_when_the_rules_change(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    arena, (ada, bell, _cray) = scene
    erased, kept = (vote(arena, ada, bell, Outcome.LEFT, prompt=CODE) for _vote in range(2))
    fold_votes(arena.id)
    Turn.objects.filter(battle=erased.battle_id).update(prompt="")
    later = Sorting(version=2, kinds=(), find=lambda *_asked: frozenset())
    monkeypatch.setattr(traits, "SORTING", {"text": later})
    recount(arena.id, apply=True)
    found = dict(BattleTraits.objects.values_list("battle", "rules"))
    assert found == {erased.battle_id: 1, kept.battle_id: 2}
    assert BoardState.objects.get(board="category:coding").counted == 1


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


# --- Many at a time, with real transactions ------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_voters_and_folders_in_parallel_lose_and_double_nothing() -> None:
    arena = make_arena(demo=True)
    versions = make_versions(arena, ["Ada", "Bell", "Cray", "Dijk"])
    rng = random.Random(7)
    battles = [make_battle(arena, *rng.sample(versions, 2)) for _battle in range(160)]
    voting = threading.Event()

    def cast(battle: Battle) -> None:
        try:
            cast_vote(battle.id, battle.voter, random.Random(str(battle.id)).choice(list(Outcome)))
        finally:
            connection.close()

    def keep_folding() -> int:
        number = 0
        try:
            while not voting.is_set():
                number += fold_votes(arena.id)
        finally:
            connection.close()
        return number

    with ThreadPoolExecutor(12) as pool:
        folders = [pool.submit(keep_folding) for _folder in range(4)]
        voters = [pool.submit(cast, battle) for battle in battles]
        for voter in voters:
            voter.result(timeout=60)
        voting.set()
        folded = sum(folder.result(timeout=60) for folder in folders)

    assert folded + fold_votes(arena.id) == 160
    assert sum(count.total for count in tallied(arena).values()) == 160
    assert FoldWatermark.objects.get().counted == 160
    assert_recounted(arena)


@pytest.mark.django_db(transaction=True)
def test_a_lower_id_that_commits_late_is_not_skipped() -> None:
    """The vote that drew its id first commits last; the fold in between must wait for it."""
    arena = make_arena()
    ada, bell = make_versions(arena, ["Ada", "Bell"])
    slow, fast = make_battle(arena, ada, bell), make_battle(arena, ada, bell)
    drawn, may_commit, folded = threading.Event(), threading.Event(), threading.Event()

    def cast_slowly() -> None:
        try:
            with transaction.atomic():
                cast_vote(slow.id, slow.voter, Outcome.LEFT)
                drawn.set()
                assert may_commit.wait(30)
        finally:
            connection.close()

    def fold() -> int:
        try:
            return fold_votes(arena.id)
        finally:
            folded.set()
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        voter = pool.submit(cast_slowly)
        assert drawn.wait(30)
        cast_vote(fast.id, fast.voter, Outcome.RIGHT)
        folder = pool.submit(fold)
        assert not folded.wait(0.3)
        may_commit.set()
        voter.result(timeout=30)
        assert folder.result(timeout=30) == 2
    assert tallied(arena) == {(ada.id, bell.id): PairCount(1, 1)}


@pytest.mark.django_db(transaction=True)
def test_votes_in_one_arena_do_not_wait_for_another() -> None:
    arena, other = make_arena(), make_arena("other")
    battle = make_battle(other, *make_versions(other, ["Xan", "Yara"]))

    def horizon() -> int:
        try:
            return last_settled_vote(arena.id)
        finally:
            connection.close()

    with transaction.atomic(), ThreadPoolExecutor(1) as pool:
        cast_vote(battle.id, battle.voter, Outcome.LEFT)
        assert pool.submit(horizon).result(timeout=10) == 0


def test_one_fold_asks_for_groups_not_for_votes(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    arena, (ada, bell, _cray) = scene
    for _vote in range(6):
        vote(arena, ada, bell, Outcome.LEFT)
    fold_votes(arena.id)
    rows = list(folding._groups(folding._judged(arena, 0, 10**9)))
    assert [(row.n, row.outcome) for row in rows] == [(6, "left")]
