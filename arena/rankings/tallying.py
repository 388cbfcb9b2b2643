"""Tallies in PostgreSQL: votes by pair, outcome, language and categories, and their sums for every named board.

A vote is added to one cell and to the boards that it counts on (`filters.boards_of`). A named board is read from its
own rows: that costs what the pairs that met ask for, whatever the number of votes. Any other combination is a sum of
cells.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from django.contrib.postgres.aggregates import ArrayAgg
from django.db import connection
from django.db.models import F, Sum
from numpy.typing import NDArray

from arena.rankings.filters import EVERYTHING, BoardFilter, boards_of
from arena.rankings.models import BoardState, Tally, TallyCell
from arena.rankings.tallies import Counts, Pair, PairCount

COUNTS: Final = ("left_wins", "right_wins", "ties", "both_bad")


class Cell(NamedTuple):
    """Where a vote is counted. `left` and `right` are version ids."""

    left: int
    right: int
    language: str
    categories: int


#: Counts by cell and, beside it, by (board, left, right); the `first` of a `PairCount` is the left one.
Cells: TypeAlias = Mapping[Cell, PairCount]
Boards: TypeAlias = dict[tuple[str, int, int], PairCount]


def on_boards(cells: Cells) -> Boards:
    """The sums of cells for every named board. Pure."""
    sums: defaultdict[tuple[str, int, int], PairCount] = defaultdict(PairCount)
    for cell, count in cells.items():
        for board in boards_of(cell.language, cell.categories):
            sums[board, cell.left, cell.right] += count
    return dict(sums)


def add(arena_id: int, cells: Cells) -> None:
    """Add counts to the stored ones. The caller holds the arena's watermark, so nobody else adds meanwhile."""
    boards = on_boards(cells)
    _upsert(TallyCell, arena_id, Cell._fields, COUNTS, [(*cell, *astuple(count)) for cell, count in cells.items()])
    _upsert(
        Tally, arena_id, ("board", "left", "right"), COUNTS, [(*key, *astuple(count)) for key, count in boards.items()]
    )
    votes: defaultdict[str, int] = defaultdict(int)
    for (board, _left, _right), count in boards.items():
        votes[board] += count.total
    rows = [(board, 1, number) for board, number in votes.items()]
    _upsert(BoardState, arena_id, ("board",), ("revision", "counted"), rows)


def clear(arena_id: int) -> None:
    """Forget all counts of an arena; boards keep growing their revisions."""
    TallyCell.objects.filter(arena_id=arena_id).delete()
    Tally.objects.filter(arena_id=arena_id).delete()
    BoardState.objects.filter(arena_id=arena_id).update(counted=0, revision=F("revision") + 1)


def stored_cells(arena_id: int) -> dict[Cell, PairCount]:
    """All cells of an arena."""
    rows = TallyCell.objects.filter(arena_id=arena_id).values_list(
        "left_id", "right_id", "language", "categories", *COUNTS
    )
    return {Cell(*row[:4]): PairCount(*row[4:]) for row in rows}


def stored_boards(arena_id: int) -> Boards:
    """The sums of all named boards of an arena."""
    rows = Tally.objects.filter(arena_id=arena_id).values_list("board", "left_id", "right_id", *COUNTS)
    return {(row[0], row[1], row[2]): PairCount(*row[3:]) for row in rows}


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Counts of k ordered pairs. left, right: (k,) version ids; counts: (4, k) in the order of `tallies.OUTCOMES`."""

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    counts: NDArray[np.int64]

    @property
    def versions(self) -> list[int]:
        """All versions with votes, ascending."""
        return [int(version) for version in np.unique(np.concatenate([self.left, self.right]))]

    def dense(self, row_of: Mapping[int, int], n: int) -> Counts:
        """Counts of n contenders; versions with the same row are pooled.

        Raises:
            KeyError: a version without a row.
            ValueError: two versions of one contender met.
        """
        counts, versions = Counts.empty(n), self.versions
        rows = np.array([row_of[version] for version in versions], dtype=np.intp)
        left, right = (rows[np.searchsorted(versions, side)] for side in (self.left, self.right))
        if (left == right).any():
            raise ValueError("versions of one contender met")
        for outcome, numbers in enumerate(self.counts):
            np.add.at(counts.cells[outcome], (left, right), numbers)
        return counts


def columns(rows: Mapping[Pair, PairCount]) -> Columns:
    """Columns of counts by (left, right)."""
    keys = np.array(list(rows), dtype=np.int64).reshape(-1, 2)
    counts = np.array([astuple(count) for count in rows.values()], dtype=np.int64).reshape(-1, len(COUNTS))
    return Columns(keys[:, 0], keys[:, 1], counts.T)


def read(arena_id: int, chosen: BoardFilter = EVERYTHING) -> Columns:
    """The counts of a board: one query, one row of arrays, as making an object for each pair would take longer."""
    if chosen.is_named:
        pairs = Tally.objects.filter(arena_id=arena_id, board=chosen.name)
        found = pairs.aggregate(**{name: ArrayAgg(name) for name in ("left", "right", *COUNTS)})
        arrays = [found[name] or [] for name in ("left", "right", *COUNTS)]
    else:
        arrays = list(zip(*_summed(arena_id, chosen), strict=True)) or [[]] * (2 + len(COUNTS))
    left, right, *counts = (np.array(array, dtype=np.int64) for array in arrays)
    return Columns(left, right, np.array(counts))


def _summed(arena_id: int, chosen: BoardFilter) -> Iterable[Sequence[Any]]:
    cells = TallyCell.objects.filter(arena_id=arena_id)
    if chosen.language:
        cells = cells.filter(language=chosen.language)
    if chosen.mask:
        cells = cells.annotate(wanted=F("categories").bitand(chosen.mask)).filter(wanted=chosen.mask)
    return cells.order_by().values_list("left_id", "right_id").annotate(*(Sum(name) for name in COUNTS))


def _upsert(
    model: type[Tally | TallyCell | BoardState],
    arena_id: int,
    key: Sequence[str],
    sums: Sequence[str],
    rows: Sequence[Sequence[Any]],
) -> None:
    """Insert rows, or add their `sums` to those with the same key: one statement, whatever the number of rows."""
    if not rows:
        return
    meta = model._meta  # noqa: SLF001 - Django documents it
    by_name = {field.name: field for field in meta.concrete_fields}
    fields = [by_name[name] for name in (*key, *sums)]
    names = [str(field.column) for field in fields]
    arrays = ", ".join(f"%s::{field.rel_db_type(connection)}[]" for field in fields)
    table = meta.db_table
    added = ", ".join(f"{name} = {table}.{name} + EXCLUDED.{name}" for name in names[len(key) :])
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (arena_id, {', '.join(names)}) SELECT %s, * FROM unnest({arrays})"  # noqa: S608
            f" ON CONFLICT (arena_id, {', '.join(names[: len(key)])}) DO UPDATE SET {added}",
            [arena_id, *(list(column) for column in zip(*rows, strict=True))],
        )
