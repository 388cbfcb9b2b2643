"""Any board that somebody may ask for: of any filter, by any of the methods, now or at a moment in the past.

Boards of all votes, one language or one category by the arena's own method, or a variant of it, are stored and read.
Every other is computed from the tallies, once for every change of them in each process.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Final, Literal

from arena.arenas.models import Arena
from arena.rankings.categories import Category
from arena.rankings.computing import Computed, compute
from arena.rankings.contenders import digest_of, rows_of, versions_of
from arena.rankings.filters import EVERYTHING, BoardFilter, FilterError, from_name, no_such_category
from arena.rankings.matrix import Matrix, matrix_from
from arena.rankings.method import Method
from arena.rankings.models import BoardState, FoldWatermark
from arena.rankings.selectors import Leaderboard, computed_leaderboard, leaderboard
from arena.rankings.sorting import SORTING
from arena.rankings.tallying import read
from arena.rankings.terms import BothBad
from arena.rankings.variants import METHOD, USUAL, Weights, needs_votes, variant_of

#: Methods by the names that programs and addresses use.
METHODS: Final[dict[str, Method]] = {
    "bradley-terry": METHOD,
    "davidson": replace(METHOD, ties="davidson"),
    "rao-kupper": replace(METHOD, ties="rao-kupper"),
}


#: How errors are estimated, by the names that addresses use.
ERRORS: Final[tuple[Literal["sandwich", "clustered"], ...]] = ("sandwich", "clustered")
WEIGHTS: Final[tuple[Weights, ...]] = ("one", "inverse-propensity")


def method_of(
    name: str,
    intervals: Literal["sandwich", "clustered"] = "sandwich",
    weights: Weights = "one",
    both_bad: BothBad = "tie",
) -> Method:
    """The method that an address asks for."""
    return replace(METHODS[name], both_bad=both_bad, intervals=intervals, weights=weights)


@dataclass(frozen=True, slots=True)
class Question:
    """Which board: its votes, its method, and the moment (None: now)."""

    chosen: BoardFilter = EVERYTHING
    method: Method = METHOD
    as_of: datetime | None = None

    def __post_init__(self) -> None:
        if self.as_of is not None and not self.is_stored:
            raise FilterError(
                "as_of",
                "boards of the past are kept for all votes, one language or one category, by the usual method",
            )
        if needs_votes(self.method) and not self.is_stored:
            raise FilterError(
                "intervals" if self.method.intervals != METHOD.intervals else "weights",
                "what needs single votes is kept for all votes, one language or one category, with even votes as half"
                " wins; the command rank computes any other",
            )

    @property
    def is_stored(self) -> bool:
        """Whether snapshots of this board are kept."""
        return self.chosen.is_named and variant_of(self.method) is not None


def board_of(arena: Arena, question: Question) -> Leaderboard:
    """The board.

    Raises:
        NoSuchFilter: a category that the arena's modality does not have.
        NoBoardThen: there was none at that moment.
        NoBoardYet: it needs single votes, and has not been computed so far.
        NotConverged, RankingError: the votes do not give what the method asks for.
    """
    require_kinds(arena, question.chosen)
    if question.is_stored:
        return leaderboard(arena, question.chosen, question.as_of, variant_of(question.method) or USUAL)
    return computed_leaderboard(arena, question.chosen, computed(arena, question.chosen, question.method))


def require_kinds(arena: Arena, chosen: BoardFilter) -> None:
    """See that the arena has battles of these categories at all.

    Raises:
        NoSuchFilter: a category that its modality does not have.
    """
    kinds = SORTING[arena.modality].kinds
    if strange := [category for category in Category if category in chosen.categories - set(kinds)]:
        raise no_such_category(strange[0].value, [kind.value for kind in kinds])


def computed(arena: Arena, chosen: BoardFilter, method: Method = METHOD) -> Computed:
    """The board from the tallies as they are; the same object as long as nothing changes."""
    watermark = FoldWatermark.objects.filter(arena=arena).first() or FoldWatermark(arena=arena)
    return _computed(arena.pk, chosen, method, watermark.revision, digest_of(versions_of(arena.pk)))


@lru_cache(maxsize=64)
def _computed(arena_id: int, chosen: BoardFilter, method: Method, revision: int, versions: str) -> Computed:  # noqa: ARG001
    excluded = FoldWatermark.objects.filter(arena=arena_id).values_list("excluded", flat=True).first() or {}
    return compute(read(arena_id, chosen), versions_of(arena_id), method, excluded)


def matrix_of(arena: Arena, chosen: BoardFilter = EVERYTHING, method: Method = METHOD) -> Matrix:
    """The matrix of the systems with votes.

    Raises:
        NoSuchFilter: a category that the arena's modality does not have.
        NotConverged, RankingError: the votes do not give what the method asks for.
    """
    require_kinds(arena, chosen)
    found = computed(arena, chosen, method)
    counts = read(arena.pk, chosen).dense(rows_of(found.contenders), len(found.contenders))
    return matrix_from(chosen.name, found.names, found.board, counts, method.both_bad)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an arena's votes that has a board of its own, and how many votes are counted on it."""

    chosen: BoardFilter
    votes: int


def parts_of(arena: Arena) -> list[Part]:
    """The languages and categories of an arena's votes, the largest first within each kind. One query."""
    rows = BoardState.objects.filter(arena=arena, counted__gt=0).order_by("-counted", "board")
    return [Part(from_name(board), votes) for board, votes in rows.values_list("board", "counted")]
