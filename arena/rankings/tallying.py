"""Tallies in PostgreSQL: votes by pair, outcome, language and categories, and their sums for every named board.

A vote is added to one cell and to the boards that it counts on (`filters.boards_of`). A named board is read from its
own rows: that costs what the pairs that met ask for, whatever the number of votes. Any other combination is a sum of
cells.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from django.db import connection
from django.db.models import F, QuerySet, Sum

from arena.rankings.filters import EVERYTHING, BoardFilter, boards_of
from arena.rankings.models import BoardState, Tally, TallyCell
from arena.rankings.pair_counts import PairColumns, PairCount

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


class _Change(NamedTuple):
    """Numbers for some rows of a table: each of `rows` has the values of `key`, then those of `sums`."""

    model: type[Tally | TallyCell | BoardState]
    key: Sequence[str]
    sums: Sequence[str]
    rows: Sequence[Sequence[Any]]


def add(arena_id: int, cells: Cells) -> None:
    """Add counts to the stored ones. The caller holds the arena's watermark, so nobody else adds meanwhile."""
    for change in _changes(cells, revision=1):
        _upsert(arena_id, change)


def take_back(arena_id: int, cells: Cells) -> None:
    """Subtract counts that were added before; the caller holds the arena's watermark."""
    # The revision grows then too: its change makes a board be computed again.
    for change in _changes(cells, revision=-1):
        _subtract(arena_id, change)


def _changes(cells: Cells, revision: int) -> Iterator[_Change]:
    """What votes come to in each table, with so much for the revision of each of their boards."""
    if not cells:
        return
    boards = on_boards(cells)
    votes: defaultdict[str, int] = defaultdict(int)
    for (board, _left, _right), count in boards.items():
        votes[board] += count.total
    yield _Change(TallyCell, Cell._fields, COUNTS, [(*cell, *count.numbers) for cell, count in cells.items()])
    pairs = [(*key, *count.numbers) for key, count in boards.items()]
    yield _Change(Tally, ("board", "left", "right"), COUNTS, pairs)
    states = [(board, revision, number) for board, number in votes.items()]
    yield _Change(BoardState, ("board",), ("revision", "counted"), states)


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


def read(arena_id: int, chosen: BoardFilter = EVERYTHING) -> PairColumns:
    """The counts of a board.

    One value comes back, the numbers of all pairs as PostgreSQL's binary integers: an object for every number would
    take longer than the fit.
    """
    pairs = _named(arena_id, chosen) if chosen.is_named else _summed(arena_id, chosen)
    query, parameters = pairs.query.sql_with_params()
    names = ("left_id", "right_id", *COUNTS)
    numbers = " || ".join(f"int8send({name}::bigint)" for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT string_agg({numbers}, '') FROM ({query}) AS pairs ({', '.join(names)})",  # noqa: S608 - ours
            parameters,
        )
        packed = cursor.fetchone()[0] or b""
    left, right, *counts = np.frombuffer(packed, dtype=">i8").astype(np.int64).reshape(-1, len(names)).T
    return PairColumns(left, right, np.array(counts))


def _named(arena_id: int, chosen: BoardFilter) -> QuerySet[Tally, Any]:
    return Tally.objects.filter(arena_id=arena_id, board=chosen.name).values_list("left_id", "right_id", *COUNTS)


def _summed(arena_id: int, chosen: BoardFilter) -> QuerySet[TallyCell, Any]:
    cells = TallyCell.objects.filter(arena_id=arena_id)
    if chosen.language:
        cells = cells.filter(language=chosen.language)
    if chosen.mask:
        cells = cells.annotate(wanted=F("categories").bitand(chosen.mask)).filter(wanted=chosen.mask)
    return cells.order_by().values_list("left_id", "right_id").annotate(*(Sum(name) for name in COUNTS))


def _upsert(arena_id: int, change: _Change) -> None:
    """Insert rows, or add their `sums` to those with the same key: one statement, whatever the number of rows."""
    table, key, sums, arrays = _columns_of(change)
    added = ", ".join(f"{name} = {table}.{name} + EXCLUDED.{name}" for name in sums)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (arena_id, {', '.join(key + sums)}) SELECT %s, * FROM unnest({arrays})"  # noqa: S608
            f" ON CONFLICT (arena_id, {', '.join(key)}) DO UPDATE SET {added}",
            [arena_id, *(list(column) for column in zip(*change.rows, strict=True))],
        )


def _subtract(arena_id: int, change: _Change) -> None:
    """Subtract from the `sums` of the rows with these keys, which are there."""
    table, key, sums, arrays = _columns_of(change)
    taken = ", ".join(f"{name} = {table}.{name} - taken.{name}" for name in sums)
    same = " AND ".join(f"{table}.{name} = taken.{name}" for name in key)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {taken} FROM unnest({arrays}) AS taken ({', '.join(key + sums)})"  # noqa: S608
            f" WHERE {table}.arena_id = %s AND {same}",
            [*(list(column) for column in zip(*change.rows, strict=True)), arena_id],
        )


def _columns_of(change: _Change) -> tuple[str, list[str], list[str], str]:
    """The table, the columns of its key and of its sums, and one placeholder for an array of each."""
    meta = change.model._meta  # noqa: SLF001 - Django documents it
    by_name = {field.name: field for field in meta.concrete_fields}
    fields = [by_name[name] for name in (*change.key, *change.sums)]
    names = [str(field.column) for field in fields]
    arrays = ", ".join(f"%s::{field.rel_db_type(connection)}[]" for field in fields)
    return meta.db_table, names[: len(change.key)], names[len(change.key) :], arrays
