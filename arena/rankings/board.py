"""A leaderboard from counts: who can be rated, and what the others are told instead of a number. Pure.

Numbers exist only inside one strongly connected group of contenders (see `bradley_terry`). Where the graph falls into
several, the board says so by its status and names the groups. If one group holds more than half of all contenders
with votes, its members are rated by the comparisons among themselves, and the rest get a status without a number: a
newcomer that has won its only vote must not take the board away from all others, and the comparisons with it say
nothing about them (as its strength runs away, their weight goes to zero). Without such a majority nobody is rated.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

import numpy as np

from arena.rankings.blas import one_thread
from arena.rankings.bradley_terry import MEAN, SCALE, TOLERANCE, Groups, components_of, fit, groups_of
from arena.rankings.intervals import LEVEL, intervals, rank_ranges
from arena.rankings.tallies import BothBad, Counts

#: Two contenders are the fewest that can be told apart.
FEWEST: Final = 2


class Status(Enum):
    """Of a board or of one of its rows."""

    OK = "ok"
    #: A board without votes.
    EMPTY = "empty"
    #: A row without votes.
    UNRATED = "unrated"
    #: Never compared, directly or by others, with the rated ones.
    DISCONNECTED = "disconnected"
    #: Only wins against the rated ones, or only losses.
    SEPARATED = "separated"


@dataclass(frozen=True, slots=True)
class Row:
    """One contender. Numbers are None unless `status` is ok."""

    status: Status
    votes: int
    rating: float | None = None
    lower: float | None = None
    upper: float | None = None
    rank_low: int | None = None
    rank_high: int | None = None


@dataclass(frozen=True, slots=True)
class Board:
    """All contenders in the order of the counts' rows.

    groups: the pieces of a disconnected graph, or the groups of a separated one, strongest first; as row numbers,
    contenders without votes left out. Empty unless the status is one of these two.
    """

    status: Status
    rows: tuple[Row, ...]
    groups: Groups
    method: dict[str, Any]


def method_of(both_bad: BothBad) -> dict[str, Any]:
    """The settings that make a board: what is needed to compute it again."""
    return {
        "name": "bradley-terry",
        "ties": "half",
        "both_bad": "half" if both_bad == "tie" else "exclude",
        "mean": MEAN,
        "scale": SCALE,
        "tolerance": TOLERANCE,
        "intervals": "sandwich",
        "level": LEVEL,
        "ranks": "interval-overlap",
    }


def rate(counts: Counts, both_bad: BothBad = "tie") -> Board:
    """Rate all who can be rated; in one BLAS thread.

    Args:
        counts: of all contenders, also those without votes.
        both_bad: whether "both are bad" is a tie or says nothing about which is better.

    Raises:
        NotConverged: the solver failed; no board is better than a wrong one.
    """
    with one_thread():
        return _rate(counts, both_bad)


def _rate(counts: Counts, both_bad: BothBad) -> Board:
    wins = counts.wins(both_bad)
    compared = [int(i) for i in np.flatnonzero((wins + wins.T).any(axis=1))]
    graph = wins[np.ix_(compared, compared)]
    pieces, groups = (_renamed(found, compared) for found in (components_of(graph), groups_of(graph)))
    status = _status_of(pieces, groups)
    rated = next((group for group in groups if len(group) >= FEWEST and 2 * len(group) > len(compared)), ())
    numbers = _numbers(counts.only(rated), both_bad) if rated else []

    votes = [int(number) for number in counts.votes()]
    rows = [Row(Status.UNRATED, number) for number in votes]
    for i in compared:
        rows[i] = Row(_status_beside(rated, pieces, i) if rated else status, votes[i])
    for i, values in zip(rated, numbers, strict=True):
        rows[i] = Row(Status.OK, votes[i], *values)
    told = {Status.DISCONNECTED: pieces, Status.SEPARATED: groups}.get(status, ())
    return Board(status, tuple(rows), told, method_of(both_bad))


def _renamed(groups: Groups, names: list[int]) -> Groups:
    return tuple(tuple(names[member] for member in group) for group in groups)


def _status_of(pieces: Groups, groups: Groups) -> Status:
    if not pieces:
        return Status.EMPTY
    if len(pieces) > 1:
        return Status.DISCONNECTED
    return Status.SEPARATED if len(groups) > 1 else Status.OK


def _status_beside(rated: tuple[int, ...], pieces: Groups, i: int) -> Status:
    """Why a contender with votes has no number while others have."""
    together = any(i in piece and rated[0] in piece for piece in pieces)
    return Status.SEPARATED if together else Status.DISCONNECTED


def _numbers(counts: Counts, both_bad: BothBad) -> list[tuple[float, float, float, int, int]]:
    """(rating, lower, upper, rank_low, rank_high) of each contender of one strongly connected group."""
    fitted = fit(counts.wins(both_bad))
    bounds = intervals(fitted, counts.decisive, counts.halves(both_bad))
    columns = (fitted.ratings, bounds.lower, bounds.upper, *rank_ranges(bounds.lower, bounds.upper))
    return list(zip(*(column.tolist() for column in columns), strict=True))
