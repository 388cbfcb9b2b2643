"""Tallies in PostgreSQL: votes by pair, outcome, language and categories, and their sums for every named board.

A vote is added to one cell and to the boards that it counts on (`filters.boards_of`). A named board is read from its
own rows: that costs what the pairs that met ask for, whatever the number of votes. Any other combination is a sum of
cells.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import astuple
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


def take_back(arena_id: int, cells: Cells) -> None:
    """Subtract counts that were added before; the caller holds the arena's watermark."""
    boards = on_boards(cells)
    _subtract(TallyCell, arena_id, Cell._fields, COUNTS, [(*cell, *astuple(count)) for cell, count in cells.items()])
    _subtract(
        Tally, arena_id, ("board", "left", "right"), COUNTS, [(*key, *astuple(count)) for key, count in boards.items()]
    )
    votes: defaultdict[str, int] = defaultdict(int)
    for (board, _left, _right), count in boards.items():
        votes[board] += count.total
    # A change of its revision makes a board be computed again.
    _subtract(BoardState, arena_id, ("board",), ("revision", "counted"), [(b, -1, n) for b, n in votes.items()])


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
    table, names, arrays = _columns_of(model, key, sums)
    added = ", ".join(f"{name} = {table}.{name} + EXCLUDED.{name}" for name in names[len(key) :])
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (arena_id, {', '.join(names)}) SELECT %s, * FROM unnest({arrays})"  # noqa: S608
            f" ON CONFLICT (arena_id, {', '.join(names[: len(key)])}) DO UPDATE SET {added}",
            [arena_id, *(list(column) for column in zip(*rows, strict=True))],
        )


def _subtract(
    model: type[Tally | TallyCell | BoardState],
    arena_id: int,
    key: Sequence[str],
    sums: Sequence[str],
    rows: Sequence[Sequence[Any]],
) -> None:
    """Subtract from the `sums` of the rows with these keys, which are there."""
    if not rows:
        return
    table, names, arrays = _columns_of(model, key, sums)
    changed = ", ".join(f"{name} = {table}.{name} - taken.{name}" for name in names[len(key) :])
    same = " AND ".join(f"{table}.{name} = taken.{name}" for name in names[: len(key)])
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {changed} FROM unnest({arrays}) AS taken ({', '.join(names)})"  # noqa: S608
            f" WHERE {table}.arena_id = %s AND {same}",
            [*(list(column) for column in zip(*rows, strict=True)), arena_id],
        )


def _columns_of(
    model: type[Tally | TallyCell | BoardState], key: Sequence[str], sums: Sequence[str]
) -> tuple[str, list[str], str]:
    """The table, the columns' names, and one placeholder for an array of each."""
    meta = model._meta  # noqa: SLF001 - Django documents it
    by_name = {field.name: field for field in meta.concrete_fields}
    fields = [by_name[name] for name in (*key, *sums)]
    names = [str(field.column) for field in fields]
    return meta.db_table, names, ", ".join(f"%s::{field.rel_db_type(connection)}[]" for field in fields)
