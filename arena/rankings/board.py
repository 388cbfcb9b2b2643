"""A leaderboard from counts: who can be rated, and what the others are told instead of a number. Pure.

Numbers exist only inside one strongly connected group of contenders (see `graph`). Where the graph falls into several,
the board says so by its status and names the groups. If one group holds more than half of all contenders with votes,
its members are rated by the comparisons among themselves, and the rest get a status without a number: a newcomer that
has won its only vote must not take the board away from all others, and the comparisons with it say nothing about them
(as its strength runs away, their weight goes to zero). Without such a majority nobody is rated. Who wants numbers all
the same asks for regularised ones, or for a refusal by name (`Method.undetermined`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from arena.rankings.absolute import both_bad_rates
from arena.rankings.blas import one_thread
from arena.rankings.bradley_terry import (
    DisconnectedComparisons,
    NoComparisons,
    RankingError,
    SeparatedComparisons,
)
from arena.rankings.estimate import Estimate, TieParameter, estimate
from arena.rankings.graph import Groups, components_of, groups_of, ties_run_away
from arena.rankings.method import Method
from arena.rankings.sequences import half_widths
from arena.rankings.simultaneous import critical_values, overlap_ranks, rank_sets, surely_better, tiers
from arena.rankings.tallies import Counts, Matrix, Votes
from arena.rankings.terms import MEAN

#: Two contenders are the fewest that can be told apart.
FEWEST: Final = 2


class UnknownAnchor(RankingError):
    """The anchor is not on the board, or has no rating."""


class Status(Enum):
    """Of a board or of one of its rows."""

    OK = "ok"
    #: A board without votes.
    EMPTY = "empty"
    #: A row without votes.
    UNRATED = "unrated"
    #: A row with fewer votes than the method asks for.
    TOO_FEW_VOTES = "too_few_votes"
    #: Never compared, directly or by others, with the rated ones.
    DISCONNECTED = "disconnected"
    #: Only wins against the rated ones, or only losses.
    SEPARATED = "separated"
    #: A row whose number rests on imagined votes too, as the votes alone do not determine it.
    REGULARISED = "regularised"


@dataclass(frozen=True, slots=True)
class Row:
    """One contender. Numbers of its rating are None unless `status` is ok or regularised.

    Points: rating; lower, upper: its own interval; simultaneous_*: all rows at once; sequence_*: at every look. Ranks
    count from 1. both_bad_*: share of its votes, where the method tells them apart.
    """

    status: Status
    votes: int
    rating: float | None = None
    lower: float | None = None
    upper: float | None = None
    rank_low: int | None = None
    rank_high: int | None = None
    tier: int | None = None
    simultaneous_lower: float | None = None
    simultaneous_upper: float | None = None
    sequence_lower: float | None = None
    sequence_upper: float | None = None
    both_bad_rate: float | None = None
    both_bad_lower: float | None = None
    both_bad_upper: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """By the names above, the status as a word; far faster than `dataclasses.asdict`, which copies deeply."""
        return {name: getattr(self, name) for name in _NAMES} | {"status": self.status.value}


_NAMES: Final = tuple(field.name for field in fields(Row))
#: The rate at which both were bad, and its limits: by the names of `Row`.
RATES: Final = ("both_bad_rate", "both_bad_lower", "both_bad_upper")


@dataclass(frozen=True, slots=True)
class Board:
    """All contenders in the order of the counts' rows.

    groups: the pieces of a disconnected graph, or the groups of a separated one, strongest first; as row numbers,
    contenders without votes left out. Empty unless the status is one of these two. method: the settings. digest: of
    the counts. tie: the parameter of a model of ties. rated, estimate: the rated rows, and what is known of them, in
    that order.
    """

    status: Status
    rows: tuple[Row, ...]
    groups: Groups
    method: dict[str, Any]
    digest: str
    tie: TieParameter | None = None
    rated: tuple[int, ...] = ()
    estimate: Estimate | None = None


def rate(
    counts: Counts, method: Method | None = None, *, names: Sequence[str] = (), votes: Votes | None = None
) -> Board:
    """Rate all who can be rated; in one BLAS thread.

    Args:
        counts: of all contenders, also those without votes.
        method: the settings.
        names: of the contenders, for an anchor.
        votes: the votes behind the counts, with voters, for intervals by voter.

    Raises:
        NotConverged: the solver failed; no board is better than a wrong one.
        DisconnectedComparisons, SeparatedComparisons, NoComparisons: the method refuses what votes do not determine.
        TiesUnbounded: a model of ties, and hardly a decisive vote.
        UnknownAnchor: see there.
        VotersNeeded: intervals by voter, without voters.
    """
    method = method or Method()
    if method.anchor is not None and method.anchor not in names:
        raise UnknownAnchor(f"no contender {method.anchor!r} to anchor the ratings at")
    with one_thread():
        return _rate(counts, method, names, votes)


def _rate(counts: Counts, method: Method, names: Sequence[str], votes: Votes | None) -> Board:
    numbers = counts.votes()
    compared = _compared(counts, method, numbers)
    graph = counts.only(compared).wins(method.both_bad)
    pieces, groups = (_renamed(found, compared) for found in (components_of(graph), groups_of(graph)))
    status = _status_of(pieces, groups)
    if method.undetermined == "refuse":
        _refuse(status, pieces, groups)
    majority = next((group for group in groups if len(group) >= FEWEST and 2 * len(group) > len(compared)), ())
    regularised = method.undetermined == "regularise" and _undetermined(status, counts, method, majority)
    rated = tuple(compared) if regularised else majority

    found = None
    facts: list[dict[str, Any]] = _rates(counts, method)
    statuses = [Status.TOO_FEW_VOTES if number else Status.UNRATED for number in numbers]
    for i in compared:
        statuses[i] = _status_beside(rated, pieces, i) if rated else status
    if rated:
        found = estimate(
            counts.only(rated), method, votes.only(rated) if votes is not None else None, regularised=regularised
        )
        values = _numbers(found, method, _anchored(found, method, rated, names))
        for i, numbers_of in zip(rated, values, strict=True):
            statuses[i] = Status.REGULARISED if regularised else Status.OK
            facts[i] |= numbers_of
    rows = tuple(Row(*own, **more) for *own, more in zip(statuses, numbers.astype(int).tolist(), facts, strict=True))
    told = {Status.DISCONNECTED: pieces, Status.SEPARATED: groups}.get(status, ())
    tie = found.tie if found else None
    return Board(status, rows, told, method.described(), counts.digest(), tie, rated, found)


def _compared(counts: Counts, method: Method, numbers: Matrix) -> list[int]:
    """The rows with enough votes that have a vote among themselves."""
    enough = np.flatnonzero(numbers >= max(method.minimum_votes, 1))
    wins = counts.only(enough).wins(method.both_bad)
    return [int(enough[i]) for i in np.flatnonzero((wins + wins.T).any(axis=1))]


def _undetermined(status: Status, counts: Counts, method: Method, majority: tuple[int, ...]) -> bool:
    """Whether the votes do not determine the rating of everybody compared."""
    if status in {Status.DISCONNECTED, Status.SEPARATED}:
        return True
    if method.ties == "half" or not majority:
        return False
    among = counts.only(majority)
    return ties_run_away(among.decisive, among.halves(method.both_bad))


def _renamed(groups: Groups, names: list[int]) -> Groups:
    return tuple(tuple(names[member] for member in group) for group in groups)


def _status_of(pieces: Groups, groups: Groups) -> Status:
    if not pieces:
        return Status.EMPTY
    if len(pieces) > 1:
        return Status.DISCONNECTED
    return Status.SEPARATED if len(groups) > 1 else Status.OK


def _refuse(status: Status, pieces: Groups, groups: Groups) -> None:
    if status is Status.EMPTY:
        raise NoComparisons("no votes to rate by")
    if status is Status.DISCONNECTED:
        raise DisconnectedComparisons(pieces)
    if status is Status.SEPARATED:
        raise SeparatedComparisons(groups)


def _status_beside(rated: tuple[int, ...], pieces: Groups, i: int) -> Status:
    """Why a contender with votes has no number while others have."""
    together = any(i in piece and rated[0] in piece for piece in pieces)
    return Status.SEPARATED if together else Status.DISCONNECTED


def _anchored(found: Estimate, method: Method, rated: tuple[int, ...], names: Sequence[str]) -> float:
    """By how much the ratings around the mean are moved."""
    if method.anchor is None:
        return method.anchor_rating - MEAN
    row = list(names).index(method.anchor)
    if row not in rated:
        raise UnknownAnchor(f"{method.anchor!r} has no rating to anchor the others at")
    return method.anchor_rating - float(found.fitted.ratings[rated.index(row)])


def _numbers(found: Estimate, method: Method, shift: float) -> list[dict[str, Any]]:
    """The numbers of each rated row, by the names of `Row`.

    An anchor moves all numbers alike: an interval stays one about a contender against the board, so that the anchor
    has one too.
    """
    strengths, errors = found.fitted.strengths, found.errors
    ratings = found.fitted.ratings + shift
    columns: dict[str, NDArray[Any]] = {
        "rating": ratings,
        "lower": found.own.lower + shift,
        "upper": found.own.upper + shift,
    }
    ranks = overlap_ranks(found.own.lower, found.own.upper)
    if method.simultaneous:
        critical = critical_values(found.covariance, method.level, method.seed)
        better = surely_better(strengths, found.covariance, critical.pairs)
        ranks = rank_sets(better)
        columns |= _around("simultaneous", ratings, critical.each * errors) | {"tier": tiers(strengths, better)}
    if method.sequence != "off":
        half = half_widths(errors, method.level, together=method.sequence == "joint")
        columns |= _around("sequence", ratings, half)
    columns |= {"rank_low": ranks.low, "rank_high": ranks.high}
    lists = [column.tolist() for column in columns.values()]
    return [dict(zip(columns, values, strict=True)) for values in zip(*lists, strict=True)]


def _around(name: str, ratings: Matrix, half: Matrix) -> dict[str, Matrix]:
    return {f"{name}_lower": ratings - half, f"{name}_upper": ratings + half}


def _rates(counts: Counts, method: Method) -> list[dict[str, Any]]:
    """Of each row, how often both were bad, if the method tells that apart."""
    if method.both_bad != "apart":
        return [{} for _row in range(counts.n)]
    rates = both_bad_rates(counts, method.level)
    columns = (rates.rate.tolist(), rates.lower.tolist(), rates.upper.tolist())
    return [
        dict(zip(RATES, own, strict=True)) if votes else {}
        for votes, *own in zip(counts.votes(), *columns, strict=True)
    ]
