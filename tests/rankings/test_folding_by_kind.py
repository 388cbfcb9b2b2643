"""What battles were about, found once and counted by language and category."""

import pytest

from arena.arenas.models import Arena
from arena.battles.models import Turn
from arena.rankings import traits
from arena.rankings.filters import filter_of
from arena.rankings.folding import fold_votes, recount
from arena.rankings.models import BattleTraits, BoardState
from arena.rankings.pair_counts import PairCount
from arena.rankings.sorting import Sorting
from arena.systems.models import SystemVersion
from arena.votes.models import Vote
from arena.votes.outcome import Outcome
from tests.ballots import make_arena, make_versions, tallied
from tests.pasts import rewritten
from tests.rankings.voting import CODE, assert_recounted, vote

Scene = tuple[Arena, list[SystemVersion]]


@pytest.fixture
def scene(db: None) -> Scene:
    arena = make_arena()
    return arena, make_versions(arena, ["Ada", "Bell", "Cray"])


POEM = "Écris un poème sur la pluie qui tombe doucement."


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
    with rewritten():
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
