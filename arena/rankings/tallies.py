"""From votes to counts of how pairs ended. Pure.

Sides are forgotten here: a pair is (first, second) with first < second, and an outcome is turned to that order.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from arena.votes.outcome import Outcome, mirrored

Matrix: TypeAlias = NDArray[np.float64]
Pair: TypeAlias = tuple[int, int]
BothBad: TypeAlias = Literal["tie", "exclude"]
BOTH_BAD: Final[tuple[BothBad, BothBad]] = ("tie", "exclude")


@dataclass(frozen=True, slots=True)
class Ballots:
    """`n` votes of one outcome on one pairing."""

    left: int
    right: int
    outcome: Outcome
    n: int = 1


@dataclass(frozen=True, slots=True)
class PairCount:
    """How often a pair met and how it ended."""

    first_wins: int = 0
    second_wins: int = 0
    ties: int = 0
    both_bad: int = 0

    def __add__(self, other: "PairCount") -> "PairCount":
        return PairCount(*(mine + its for mine, its in zip(astuple(self), astuple(other), strict=True)))

    @property
    def total(self) -> int:
        """All votes of the pair."""
        return sum(astuple(self))


_FIELD: Final = {
    Outcome.LEFT: "first_wins",
    Outcome.RIGHT: "second_wins",
    Outcome.TIE: "ties",
    Outcome.BOTH_BAD: "both_bad",
}


def fold(ballots: Iterable[Ballots]) -> dict[Pair, PairCount]:
    """Count ballots by pair.

    Raises:
        ValueError: a ballot of a contender against itself.
    """
    counts: defaultdict[Pair, PairCount] = defaultdict(PairCount)
    for ballot in ballots:
        if ballot.left == ballot.right:
            raise ValueError(f"{ballot.left} met itself")
        in_order = ballot.left < ballot.right
        outcome = ballot.outcome if in_order else mirrored(ballot.outcome)
        pair = (ballot.left, ballot.right) if in_order else (ballot.right, ballot.left)
        counts[pair] += PairCount(**{_FIELD[outcome]: ballot.n})
    return dict(counts)


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Dense counts of n contenders.

    decisive: (n, n), decisive[i, j] = how often i beat j. ties, both_bad: (n, n), symmetric, each vote counted in
    both halves. All diagonals are zero.
    """

    decisive: Matrix
    ties: Matrix
    both_bad: Matrix

    def halves(self, both_bad: BothBad = "tie") -> Matrix:
        """(n, n): votes that give each side half a win."""
        return self.ties + self.both_bad if both_bad == "tie" else self.ties

    def wins(self, both_bad: BothBad = "tie") -> Matrix:
        """(n, n): wins[i, j] = how often i beat j, a tie being half a win for each side."""
        return self.decisive + self.halves(both_bad) / 2

    def votes(self) -> Matrix:
        """(n,): all counted votes of each contender, whatever the method makes of them."""
        return np.asarray((self.decisive + self.decisive.T + self.ties + self.both_bad).sum(axis=1))

    def only(self, members: Sequence[int]) -> "Counts":
        """The counts among some contenders, in the order given."""
        cells = np.ix_(members, members)
        return Counts(self.decisive[cells], self.ties[cells], self.both_bad[cells])


def dense(pairs: Mapping[Pair, PairCount], contender_of: Mapping[int, int], n: int) -> Counts:
    """Spread pair counts over matrices.

    Args:
        pairs: counts by pair of versions.
        contender_of: version → row, 0 to n - 1. Versions of one contender share a row, which pools their votes.
        n: number of contenders.

    Raises:
        KeyError: a version without a row.
        ValueError: two versions of one contender met.
    """
    counts = Counts(*(np.zeros((n, n)) for _matrix in range(3)))
    for (first, second), count in pairs.items():
        i, j = contender_of[first], contender_of[second]
        if i == j:
            raise ValueError(f"versions {first} and {second} of one contender met")
        counts.decisive[i, j] += count.first_wins
        counts.decisive[j, i] += count.second_wins
        for matrix, number in ((counts.ties, count.ties), (counts.both_bad, count.both_bad)):
            matrix[i, j] += number
            matrix[j, i] += number
    return counts
