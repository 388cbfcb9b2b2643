"""From votes to dense counts of how pairs ended, which is what the mathematics works on. Pure.

`Counts` is one array by outcome, left and right, made from columns of votes in one pass (`count`) or from the counts
by pair that a database keeps (`pair_counts`).

Counts of votes are whole numbers in float64, exact up to 2⁵³; adding votes or whole counts in any order gives the
same bits. Sums of weights that are not whole numbers are exact to rounding only.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from arena.rankings.terms import BothBad
from arena.votes.outcome import Outcome

Matrix: TypeAlias = NDArray[np.float64]
Codes: TypeAlias = NDArray[np.integer[Any]]

#: The code of an outcome is its place here.
OUTCOMES: Final = (Outcome.LEFT, Outcome.RIGHT, Outcome.TIE, Outcome.BOTH_BAD)
LEFT, RIGHT, TIE, BOTH_BAD_CODE = range(4)
#: By the word that a stored vote has for it.
CODE_OF: Final = {outcome.value: code for code, outcome in enumerate(OUTCOMES)}
#: Votes counted at a time: the packed codes of a block stay in the processor's cache.
BLOCK: Final = 1 << 18


class BadVote(ValueError):
    """A vote that cannot be one; `row` counts from 0."""

    def __init__(self, row: int, reason: str) -> None:
        super().__init__(f"vote {row}: {reason}")
        self.row = row
        self.reason = reason


@dataclass(frozen=True, eq=False)
class Counts:
    """Dense counts of n contenders.

    cells: (4, n, n), cells[k, i, j] = votes, or their weight, with i left, j right and outcome `OUTCOMES[k]`. Where
    votes have weights, squares: sums of squared weights, and numbers: numbers of votes, both of the same shape. All
    diagonals are zero.
    """

    cells: Matrix
    squares: Matrix | None = None
    numbers: Matrix | None = None

    @classmethod
    def empty(cls, n: int) -> "Counts":
        """No votes between n contenders."""
        return cls(np.zeros((4, n, n)))

    @classmethod
    def of(cls, decisive: Matrix, ties: Matrix | None = None, both_bad: Matrix | None = None) -> "Counts":
        """From matrices without sides: decisive[i, j] = how often i beat j; the others symmetric."""
        nothing = np.zeros_like(decisive, dtype=np.float64)
        even = [nothing if matrix is None else np.triu(matrix) for matrix in (ties, both_bad)]
        return cls(np.stack([np.asarray(decisive, dtype=np.float64), nothing, *even]))

    @property
    def n(self) -> int:
        """The number of contenders."""
        return int(self.cells.shape[1])

    @property
    def decisive(self) -> Matrix:
        """(n, n): decisive[i, j] = how often i beat j."""
        return np.asarray(self.cells[LEFT] + self.cells[RIGHT].T)

    @property
    def ties(self) -> Matrix:
        """(n, n), symmetric: each tie in both halves."""
        return np.asarray(self.cells[TIE] + self.cells[TIE].T)

    @property
    def both_bad(self) -> Matrix:
        """(n, n), symmetric: each vote that both are bad, in both halves."""
        return np.asarray(self.cells[BOTH_BAD_CODE] + self.cells[BOTH_BAD_CODE].T)

    def halves(self, both_bad: BothBad = "tie") -> Matrix:
        """(n, n): votes that give each side half a win."""
        return self.ties + self.both_bad if both_bad == "tie" else self.ties

    def wins(self, both_bad: BothBad = "tie") -> Matrix:
        """(n, n): wins[i, j] = how often i beat j, a tie being half a win for each side."""
        return self.decisive + self.halves(both_bad) / 2

    def votes(self) -> Matrix:
        """(n,): all counted votes of each contender, whatever the method makes of them; weights do not matter."""
        cells = self.cells if self.numbers is None else self.numbers
        return np.asarray(cells.sum(axis=(0, 1)) + cells.sum(axis=(0, 2)))

    def only(self, members: Sequence[int] | NDArray[np.intp]) -> "Counts":
        """The counts among some contenders, in the order given."""
        at = np.asarray(members, dtype=np.intp)
        if np.array_equal(at, np.arange(self.n)):
            return self._each(np.copy)  # a tenth of what choosing costs
        return self._each(lambda cells: cells[:, at[:, np.newaxis], at[np.newaxis, :]])

    def squared(self) -> "Counts":
        """Counts whose cells are the sums of squared weights: these very ones where every weight is 1."""
        return self if self.squares is None else Counts(self.squares)

    def add(self, left: int, right: int, outcome: Outcome, n: int = 1) -> None:
        """Count n more votes of weight 1, in place.

        Raises:
            BadVote: a contender against itself, or fewer votes than none.
        """
        if left == right:
            raise BadVote(0, f"contender {left} meets itself")
        if n < 0:
            raise BadVote(0, f"a negative number of votes: {n}")
        for cells in (self.cells, self.squares, self.numbers):
            if cells is not None:
                cells[OUTCOMES.index(outcome), left, right] += n

    def __add__(self, other: "Counts") -> "Counts":
        weighted = self.squares is not None or other.squares is not None
        return Counts(
            self.cells + other.cells,
            self.squared().cells + other.squared().cells if weighted else None,
            self._numbers + other._numbers if weighted else None,
        )

    @property
    def _numbers(self) -> Matrix:
        return self.cells if self.numbers is None else self.numbers

    def _each(self, change: Callable[[Matrix], Matrix]) -> "Counts":
        squares, numbers = (None if cells is None else change(cells) for cells in (self.squares, self.numbers))
        return Counts(change(self.cells), squares, numbers)

    def digest(self) -> str:
        """SHA-256 of everything that the mathematics reads; equal counts give equal digests on every machine."""
        seen = hashlib.sha256(str(self.cells.shape).encode())
        for cells in (self.cells, self.squares):
            if cells is not None:
                seen.update(np.ascontiguousarray(cells, dtype="<f8").data)
        return seen.hexdigest()


@dataclass(frozen=True, eq=False)
class Votes:
    """N votes in columns.

    left, right: (N,) rows of contenders. outcome: (N,) codes, places in `OUTCOMES`. weight: (N,) or None, all 1.
    voter: (N,) codes of who voted, or None.
    """

    left: Codes
    right: Codes
    outcome: Codes
    weight: Matrix | None = None
    voter: Codes | None = None

    def __len__(self) -> int:
        return len(self.left)

    @cached_property
    def weights(self) -> Matrix:
        """(N,): the weights, ones where none are given."""
        return np.ones(len(self)) if self.weight is None else self.weight

    def where(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> "Votes":
        """The votes that a mask (N,) chooses, or those in these places."""
        columns = (self.left, self.right, self.outcome, self.weight, self.voter)
        return Votes(*(None if column is None else column[chosen] for column in columns))  # type: ignore[arg-type]

    def between(self, members: Sequence[int]) -> NDArray[np.bool_]:
        """(N,): the votes whose both contenders are among some."""
        return np.asarray(np.isin(self.left, members) & np.isin(self.right, members))

    def only(self, members: Sequence[int]) -> "Votes":
        """The votes among some contenders, whose rows are then their places in `members`."""
        place = np.zeros(max(members, default=-1) + 1, dtype=np.intp)
        place[list(members)] = np.arange(len(members))
        chosen = self.where(self.between(members))
        return replace(chosen, left=place[chosen.left], right=place[chosen.right])


def count(votes: Votes, n: int) -> Counts:
    """Count votes in one pass.

    Args:
        votes: the columns, with contenders from 0 to n - 1.
        n: number of contenders.

    Raises:
        BadVote: the first vote with a contender or an outcome that does not exist, of a contender against itself, or
            with a weight that is negative or not finite.
    """
    require_sound(votes, n)
    shape = (4, n, n)
    if votes.weight is None:
        return Counts(_packed_sums(votes, n, None).reshape(shape))
    return Counts(
        _packed_sums(votes, n, votes.weight).reshape(shape),
        _packed_sums(votes, n, votes.weight**2).reshape(shape),
        _packed_sums(votes, n, None).reshape(shape),
    )


def _packed_sums(votes: Votes, n: int, weights: Matrix | None) -> Matrix:
    sums = np.zeros(4 * n * n)
    code: Any = np.uint16 if len(sums) <= 1 << 16 else np.intp  # half the time, where all cells fit
    size = max(BLOCK, len(sums))  # adding up a block costs its cells
    for start in range(0, len(votes), size):
        block = slice(start, start + size)
        cell = votes.outcome[block].astype(code)
        for side in (votes.left, votes.right):
            cell *= code(n)
            cell += side[block].astype(code, copy=False)
        sums += np.bincount(cell, None if weights is None else weights[block], minlength=len(sums))
    return sums


def require_sound(votes: Votes, n: int) -> None:
    """Look at every vote.

    Raises:
        BadVote: see `count`.
    """
    for start in range(0, len(votes), BLOCK):
        block = slice(start, start + BLOCK)
        left, right, outcome = votes.left[block], votes.right[block], votes.outcome[block]
        _require(_outside(left, n) | _outside(right, n), start, "no such contender")
        _require(_outside(outcome, len(OUTCOMES)), start, "no such outcome")
        _require(left == right, start, "a contender meets itself")
        if votes.weight is not None:
            weight = votes.weight[block]
            _require(~((weight >= 0) & np.isfinite(weight)), start, "a weight is negative or not a finite number")


def _outside(codes: Codes, end: int) -> NDArray[np.bool_]:
    # A negative code, seen as unsigned, is a huge one.
    unsigned = codes.view(codes.dtype.str.replace("i", "u"))
    return np.asarray(unsigned >= end)


def _require(wrong: NDArray[np.bool_], start: int, reason: str) -> None:
    if wrong.any():
        raise BadVote(start + int(wrong.argmax()), reason)
