"""Counts by pair, as they are stored: four numbers for each pair that met. Pure.

`tallies.Counts` is what the mathematics works on; `PairColumns.dense` makes it from these.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from operator import add
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from arena.rankings.tallies import OUTCOMES, Counts
from arena.votes.outcome import Outcome

Pair: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class PairCount:
    """How often a pair met and how it ended; fields in the order of `tallies.OUTCOMES`."""

    first_wins: int = 0
    second_wins: int = 0
    ties: int = 0
    both_bad: int = 0

    @classmethod
    def of(cls, outcome: Outcome, n: int) -> "PairCount":
        """`n` votes of one outcome, left being the first."""
        return cls(*(n if outcome is one else 0 for one in OUTCOMES))

    def __add__(self, other: "PairCount") -> "PairCount":
        return PairCount(*map(add, self.numbers, other.numbers))

    @property
    def numbers(self) -> tuple[int, int, int, int]:
        """All fields; far faster than `dataclasses.astuple`, which copies deeply."""
        return self.first_wins, self.second_wins, self.ties, self.both_bad

    @property
    def mirrored(self) -> "PairCount":
        """The same with the second first."""
        return PairCount(self.second_wins, self.first_wins, self.ties, self.both_bad)

    @property
    def total(self) -> int:
        """All votes of the pair."""
        return sum(self.numbers)


@dataclass(frozen=True, slots=True, eq=False)
class PairColumns:
    """Counts of k ordered pairs. left, right: (k,) ids; counts: (4, k) in the order of `tallies.OUTCOMES`."""

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, pairs: Mapping[Pair, PairCount]) -> "PairColumns":
        """From counts by (left, right)."""
        keys = np.array(list(pairs), dtype=np.int64).reshape(-1, 2)
        counts = np.array([count.numbers for count in pairs.values()], dtype=np.int64).reshape(-1, len(OUTCOMES))
        return cls(keys[:, 0], keys[:, 1], counts.T)

    @property
    def ids(self) -> list[int]:
        """All ids with votes, ascending."""
        return [int(one) for one in np.unique(np.concatenate([self.left, self.right]))]

    def dense(self, row_of: Mapping[int, int], n: int) -> Counts:
        """Counts of n contenders; ids with the same row (versions of one contender) are pooled.

        Raises:
            KeyError: an id without a row.
            ValueError: two ids of one contender met.
        """
        ids = self.ids
        rows = np.array([row_of[one] for one in ids], dtype=np.intp)
        left, right = (rows[np.searchsorted(ids, side)] for side in (self.left, self.right))
        if (left == right).any():
            raise ValueError("versions of one contender met")
        cell = left * n + right
        return Counts(np.stack([np.bincount(cell, numbers, n * n).reshape(n, n) for numbers in self.counts]))
