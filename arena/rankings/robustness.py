r"""How fragile is the first place? The smallest removals found that change it, each verified by a refit. Pure.

To first order, leaving a vote v out moves the lead of a over b by -(e_a - e_b)ᵀ H⁺ u_v, with the slope u_v of the
vote's log-likelihood (see `intervals`); leaving a voter out, by the sum over the voter's votes. The votes, or voters,
that carry the lead most are left out until the first place changes; the lead is computed anew after every portion, and
at last the shortest beginning of the list that suffices is found by bisection. Every number that is reported is that
of an exact refit without those votes; that no smaller set exists is not proven.

Sources: Broderick, Giordano & Meager 2020, arXiv:2011.14999; for arenas: Huang, Shen, Wei & Broderick 2025,
arXiv:2508.11847.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from arena.rankings.blas import one_thread
from arena.rankings.bradley_terry import Fit, RankingError, fit
from arena.rankings.intervals import cell_slopes, scores_by_voter
from arena.rankings.method import Method
from arena.rankings.tallies import OUTCOMES, Codes, Counts, Matrix, Votes, count
from arena.rankings.terms import SCALE
from arena.votes.outcome import Outcome

#: How many of those behind the first are tried.
RIVALS: Final = 4
#: How often the lead is computed anew.
PORTIONS: Final = 40
#: Voters whose influence is verified by a refit.
LOUDEST: Final = 5


@dataclass(frozen=True, slots=True)
class RemovedVotes:
    """`number` votes alike."""

    left: int
    right: int
    outcome: Outcome
    number: int


@dataclass(frozen=True, slots=True)
class Removal:
    """A set whose removal changes the first place.

    number: of votes or voters; share: of all. becomes: who is first then; None where the rest determines nobody.
    votes, voters: what is removed, the heaviest first; voters by their codes.
    """

    number: int
    share: float
    becomes: int | None
    votes: tuple[RemovedVotes, ...] = ()
    voters: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Influence:
    """One voter: votes cast, the most that any rating moves without them (points), and who is first then.

    Both are None where the other votes do not determine the ratings.
    """

    voter: int
    votes: int
    moved_points: float | None
    first: int | None


@dataclass(frozen=True, slots=True)
class Fragility:
    """The first, its lead over the second in points, and what it rests on.

    votes, voters: the smallest removal found, or None where none was found (half of all votes are never removed; no
    voters where votes do not name them). loudest: the voters without whom the ratings move most.
    """

    first: int
    lead_points: float
    votes: Removal | None
    voters: Removal | None
    loudest: tuple[Influence, ...]


def fragility(counts: Counts, method: Method | None = None, votes: Votes | None = None) -> Fragility:
    """Examine the first place.

    Args:
        counts: of contenders that can all be rated; whole numbers for the removal of votes.
        method: its ties and both_bad are used.
        votes: the votes behind the counts with voters; without them, voters are not examined.

    Raises:
        RankingError: see `bradley_terry.fit`; a board of one has no first place to lose.
    """
    method = method or Method()
    if counts.n <= 1:
        raise RankingError("without two contenders nobody can lose the first place")
    with one_thread():
        fitted = fit(counts, method.ties, method.both_bad)
        order = np.argsort(-fitted.strengths, kind="stable")
        rivals = [int(row) for row in order[1 : 1 + RIVALS]]
        first, second = int(order[0]), rivals[0]
        lead = SCALE * float(fitted.strengths[first] - fitted.strengths[second])
        by_vote = _least(_VoteRemovals(counts, method, first), fitted, rivals)
        if votes is None or votes.voter is None:
            return Fragility(first, lead, by_vote, None, ())
        removals = _VoterRemovals(votes, votes.voter, counts.n, method, first)
        return Fragility(first, lead, by_vote, _least(removals, fitted, rivals), removals.loudest(fitted))


class _Removals:
    """Things that can be left out: votes by cell, or voters. `weights[k]` of thing k is how often it is there."""

    def __init__(self, method: Method, first: int, available: NDArray[np.int64]) -> None:
        self.method, self.first, self.available = method, first, available

    def without(self, removed: NDArray[np.int64]) -> Counts:
        """The counts with `removed[k]` of each thing left out."""
        raise NotImplementedError

    def carried(self, fitted: Fit, toward: Matrix) -> Matrix:
        """How much of the lead one of each thing carries; `toward` is H⁺(e_first - e_rival)."""
        raise NotImplementedError

    def told(self, order: NDArray[np.int64], taken: NDArray[np.int64], becomes: int | None) -> Removal:
        """The result."""
        raise NotImplementedError

    def refit(self, removed: NDArray[np.int64]) -> Fit | None:
        """The fit without the removed; None where the rest determines nothing."""
        try:
            return fit(self.without(removed), self.method.ties, self.method.both_bad)
        except RankingError:
            return None


class _VoteRemovals(_Removals):
    def __init__(self, counts: Counts, method: Method, first: int) -> None:
        super().__init__(method, first, np.floor(counts.cells).astype(np.int64).ravel())
        self.counts = counts

    def without(self, removed: NDArray[np.int64]) -> Counts:
        return Counts(self.counts.cells - removed.reshape(self.counts.cells.shape))

    def carried(self, fitted: Fit, toward: Matrix) -> Matrix:
        by_difference, by_tie = cell_slopes(fitted)
        n = self.counts.n
        carried = by_difference * (toward[:n, np.newaxis] - toward[np.newaxis, :n])
        return np.asarray(carried if by_tie is None else carried + by_tie * toward[n]).ravel()

    def told(self, order: NDArray[np.int64], taken: NDArray[np.int64], becomes: int | None) -> Removal:
        codes, left, right = np.unravel_index(order, self.counts.cells.shape)
        kinds = zip(left.tolist(), right.tolist(), codes.tolist(), taken.tolist(), strict=True)
        votes = tuple(RemovedVotes(i, j, OUTCOMES[code], number) for i, j, code, number in kinds if number)
        number = int(taken.sum())
        return Removal(number, number / float(self.counts.cells.sum()), becomes, votes=votes)


class _VoterRemovals(_Removals):
    def __init__(self, votes: Votes, voter: Codes, n: int, method: Method, first: int) -> None:
        codes, self.place, self.cast = np.unique(voter, return_inverse=True, return_counts=True)
        super().__init__(method, first, np.ones(len(codes), dtype=np.int64))
        self.codes, self.votes, self.n = codes, votes, n

    def without(self, removed: NDArray[np.int64]) -> Counts:
        return count(self.votes.where(removed[self.place] == 0), self.n)

    def carried(self, fitted: Fit, toward: Matrix) -> Matrix:
        return np.asarray(scores_by_voter(fitted, self.votes) @ toward)

    def told(self, order: NDArray[np.int64], taken: NDArray[np.int64], becomes: int | None) -> Removal:
        voters = tuple(self.codes[order[taken > 0]].tolist())
        return Removal(len(voters), len(voters) / len(self.codes), becomes, voters=voters)

    def loudest(self, fitted: Fit) -> tuple[Influence, ...]:
        """The voters without whom ratings move most, each by an exact refit."""
        n = self.n
        moved = np.abs(scores_by_voter(fitted, self.votes) @ fitted.inverse[:, :n]).max(axis=1)
        found = []
        for place in np.argsort(-moved, kind="stable")[:LOUDEST]:
            removed = np.zeros(len(self.codes), dtype=np.int64)
            removed[place] = 1
            without = self.refit(removed)
            points = None if without is None else float(np.abs(without.ratings - fitted.ratings).max())
            first = None if without is None else int(without.strengths.argmax())
            found.append(Influence(int(self.codes[place]), int(self.cast[place]), points, first))
        return tuple(found)


def _least(removals: _Removals, fitted: Fit, rivals: list[int]) -> Removal | None:
    """The smallest of what the rivals need."""
    found = [removal for rival in rivals if (removal := _for_rival(removals, fitted, rival)) is not None]
    return min(found, key=lambda removal: removal.number, default=None)


def _for_rival(removals: _Removals, fitted: Fit, rival: int) -> Removal | None:
    order, taken = _taken(removals, fitted, rival)
    if not len(order):
        return None
    total = int(taken.sum())
    ends = np.cumsum(taken)

    def beginning(number: int) -> NDArray[np.int64]:
        return np.diff(np.minimum(ends, number), prepend=0)

    def changes(number: int) -> bool:
        without = removals.refit(_spread(order, beginning(number), len(removals.available)))
        return without is None or int(without.strengths.argmax()) != removals.first

    least = _bisect(changes, total)
    taken = beginning(least)
    without = removals.refit(_spread(order, taken, len(removals.available)))
    return removals.told(order, taken, None if without is None else int(without.strengths.argmax()))


def _taken(removals: _Removals, fitted: Fit, rival: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Things in the order in which they are left out, and how many of each, until the first place changes.

    Both are empty where half of everything does not suffice.
    """
    removed = np.zeros(len(removals.available), dtype=np.int64)
    orders: list[NDArray[np.int64]] = []
    takes: list[NDArray[np.int64]] = []
    current: Fit | None = fitted
    for _portion in range(PORTIONS):
        if current is None or int(current.strengths.argmax()) != removals.first:
            return np.concatenate(orders), np.concatenate(takes)
        order, taken = _portion_of(removals, current, rival, removals.available - removed)
        removed[order] += taken
        if not len(order) or 2 * removed.sum() > removals.available.sum():
            break
        orders.append(order)
        takes.append(taken)
        current = removals.refit(removed)
    return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)


def _portion_of(
    removals: _Removals, current: Fit, rival: int, left: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """What, to first order, is just enough: things by how much of the lead they carry."""
    toward = current.inverse[removals.first] - current.inverse[rival]
    carried = removals.carried(current, toward)
    order = np.argsort(-carried, kind="stable")
    order = order[(carried[order] > 0) & (left[order] > 0)]
    lead = float(current.strengths[removals.first] - current.strengths[rival])
    before = np.concatenate([[0.0], np.cumsum(carried[order] * left[order])[:-1]])
    needed = np.ceil(np.maximum(lead - before, 0.0) / carried[order]).astype(np.int64)
    taken = np.minimum(left[order], needed)
    # A tie of the first two is no change yet: at least one is taken.
    if len(taken) and not taken.any():
        taken[0] = 1
    return order[taken > 0], taken[taken > 0]


def _spread(order: NDArray[np.int64], taken: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    removed = np.zeros(size, dtype=np.int64)
    np.add.at(removed, order, taken)
    return removed


def _bisect(holds: Callable[[int], bool], enough: int) -> int:
    """The smallest number from 1 that holds, if it holds from some number on; `enough` is known to hold."""
    low, high = 0, enough
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
