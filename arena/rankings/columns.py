"""From columns of names and words to codes and counts, batch by batch. Pure.

Columns are Arrow arrays, or what Arrow makes one from (lists, numpy arrays, a pandas Series). Every judgement (is this
a name? is this word an outcome?) is made once for each distinct string (`vocabulary`). A batch is checked as a whole
before any of it is counted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from arena.rankings.tallies import OUTCOMES, Codes, Counts, Matrix, Votes, count
from arena.rankings.vocabulary import Vocabulary, arrow, many_coded
from arena.votes.outcome import Outcome

#: Evalica's word for a row that says nothing; such rows are counted and left out.
IGNORED: Final = "ignore"
WORDS: Final = {
    **dict.fromkeys(("left", "model_a", "system_a", "a", "x"), Outcome.LEFT),
    **dict.fromkeys(("right", "model_b", "system_b", "b", "y"), Outcome.RIGHT),
    **dict.fromkeys(("tie", "draw"), Outcome.TIE),
    **dict.fromkeys(("both_bad", "bothbad", "tie (bothbad)", "both bad"), Outcome.BOTH_BAD),
}
#: A dense board of more systems does not fit into the memory of a small machine.
MAX_SYSTEMS: Final = 2000
_NO_NAME: Final = -1
_UNKNOWN: Final = len(OUTCOMES) + 1
_IGNORE: Final = len(OUTCOMES)


class BadVotes(Exception):
    """A file of votes, or one row of it, cannot be read; the message names the row, counted from 1."""


@dataclass(frozen=True, slots=True)
class Columns:
    """A batch: what the file calls left and right, and their columns; weight and voter where the file has them."""

    sides: tuple[str, str]
    left: pa.Array
    right: pa.Array
    winner: pa.Array
    weight: pa.Array | None = None
    voter: pa.Array | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """names: in alphabetical order. counts: in that order. votes: the rows, if they were to be kept."""

    names: tuple[str, ...]
    counts: Counts
    ignored: int
    votes: Votes | None


class Counter:
    """Counts batches of one source."""

    def __init__(self, *, keep_votes: bool = False) -> None:
        self._keep = keep_votes
        self._code_of: dict[str, int] = {}
        self._names = Vocabulary(self._name_code, np.int16)
        self._words = Vocabulary(_outcome_code, np.uint8)
        self._voter_of: dict[str, int] = {}
        self._counts = Counts.empty(0)
        self._kept: list[Votes] = []
        self.rows = 0
        self.ignored = 0

    def add(self, columns: Columns) -> None:
        """Check a batch, then count it.

        Raises:
            BadVotes: names the first row that is wrong and why; nothing of the batch is counted then.
        """
        left, right = (self._names.codes(column) for column in (columns.left, columns.right))
        outcome = self._words.codes(columns.winner)
        weight = None if columns.weight is None else _numbers(columns.weight)
        self._require(columns, left, right, outcome, weight)
        said = outcome < _IGNORE
        voter = self._voters(columns.voter) if self._keep and columns.voter is not None else None
        votes = Votes(left, right, outcome, weight, voter)
        if not said.all():
            votes = votes.where(said)
        self.ignored += len(said) - len(votes)
        self.rows += len(said)
        self._counts = _grown(self._counts, len(self._code_of)) + count(votes, len(self._code_of))
        if self._keep:
            self._kept.append(votes)

    def finish(self) -> Counted:
        """All that was counted."""
        names = sorted(self._code_of)
        order = [self._code_of[name] for name in names]
        votes = _joined(self._kept, np.argsort(order).astype(np.int16)) if self._keep else None
        return Counted(tuple(names), self._counts.only(order), self.ignored, votes)

    def _name_code(self, name: Any) -> int:
        if not isinstance(name, str) or not name.strip():
            return _NO_NAME
        found = self._code_of.setdefault(name.strip(), len(self._code_of))
        if found >= MAX_SYSTEMS:
            raise BadVotes(f"more than {MAX_SYSTEMS} different systems; is {name!r} one?")
        return found

    def _voters(self, column: pa.Array) -> Codes:
        return many_coded(column, lambda name: self._voter_of.setdefault(str(name), len(self._voter_of)), -1)

    def _require(self, columns: Columns, left: Codes, right: Codes, outcome: Codes, weight: Matrix | None) -> None:
        """Raise for the first wrong row; of several faults in one row, for the first named here."""
        wrong: list[tuple[NDArray[np.bool_], Callable[[int], str]]] = [
            (left == _NO_NAME, lambda _row: f"no name in {columns.sides[0]!r}"),
            (right == _NO_NAME, lambda _row: f"no name in {columns.sides[1]!r}"),
            (left == right, lambda row: f"{_text(columns.left, row)!r} meets itself"),
            (outcome == _UNKNOWN, lambda row: _complaint(_text(columns.winner, row))),
        ]
        if weight is not None:
            bad = ~((weight >= 0) & np.isfinite(weight))
            wrong.append((bad, lambda row: f"weight {_text(columns.weight, row)!r} is negative or no number"))
        if self._keep and columns.voter is not None:
            nobody = np.asarray(pc.is_null(columns.voter).to_numpy(zero_copy_only=False))
            wrong.append((nobody, lambda _row: "no voter"))
        found = [(int(mask.argmax()), place) for place, (mask, _why) in enumerate(wrong) if mask.any()]
        if found:
            row, place = min(found)
            raise BadVotes(f"row {self.rows + row + 1}: {wrong[place][1](row)}")


def _outcome_code(word: Any) -> int:
    said = word.strip().lower() if isinstance(word, str) else ""
    if said == IGNORED:
        return _IGNORE
    return OUTCOMES.index(WORDS[said]) if said in WORDS else _UNKNOWN


def _complaint(word: Any) -> str:
    """Why a row has no outcome."""
    if word is None or word == "":
        return "no winner"
    return f"unknown winner {word!r}; known: left, right, tie, both_bad"


def count_columns(
    left: Any, right: Any, winner: Any, *, weight: Any = None, voter: Any = None, keep: bool = False
) -> Counted:
    """Count columns that are in memory.

    Args:
        left: (N,) names.
        right: (N,) names.
        winner: (N,) words as in a file of votes.
        weight: (N,) numbers, or None.
        voter: (N,) strings, or None.
        keep: the votes too.

    Raises:
        BadVotes: see there.
    """
    counter = Counter(keep_votes=keep)
    left, right, winner, weight, voter = (
        None if column is None else arrow(column) for column in (left, right, winner, weight, voter)
    )
    if not len(left) == len(right) == len(winner):
        raise BadVotes(f"columns of different lengths: {len(left)}, {len(right)}, {len(winner)}")
    counter.add(Columns(("left", "right"), left, right, winner, weight, voter))
    return counter.finish()


def _numbers(column: pa.Array) -> Matrix:
    """(N,) float64; NaN where there is no number."""
    if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
        return np.asarray(column.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
    return np.array([_number(value) for value in column.to_pylist()], dtype=np.float64)


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def _text(column: Any, row: int) -> Any:
    value = column[row].as_py()
    return value.strip() if isinstance(value, str) else value


def _grown(counts: Counts, n: int) -> Counts:
    """The counts with room for n contenders."""
    more = ((0, 0), (0, n - counts.n), (0, n - counts.n))
    squares, numbers = (None if cells is None else np.pad(cells, more) for cells in (counts.squares, counts.numbers))
    return counts if n == counts.n else Counts(np.pad(counts.cells, more), squares, numbers)


def _joined(kept: Sequence[Votes], place: Codes) -> Votes:
    """All votes, with contenders by their places in the alphabet."""

    def column(name: str) -> Any:
        parts = [getattr(votes, name) for votes in kept]
        return None if not parts or any(part is None for part in parts) else np.concatenate(parts)

    left, right, outcome = (column(name) for name in ("left", "right", "outcome"))
    return Votes(place[left], place[right], outcome, column("weight"), column("voter"))
