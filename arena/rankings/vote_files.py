"""Votes from a file of somebody's own: CSV, JSON Lines, JSON or Parquet, the first three also gzipped.

A row names two systems and the winner. Accepted are our own words, those of LMArena (`model_a`, `model_b`, `winner`
with "model_a", "model_b", "tie", "tie (bothbad)") and those of evalica (`left`, `right`, `winner` with "X", "Y",
"Draw", "Ignore"; also "left", "right", "tie"), upper and lower case alike. A file may also have `weight` (not
negative), `id` or `vote_id` (never twice), and `voter` or `judge` (for intervals by voter).

A file is read in blocks and counted as it comes, so that memory does not grow with it (eight bytes per row for ids,
some more where votes must be kept by voter; a JSON list is read whole). One bad row refuses the whole file.
"""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from arena.rankings.columns import BadVotes, Columns, Counter
from arena.rankings.tallies import Counts, Votes
from arena.rankings.vote_tables import ID, SIDES, VOTER, WEIGHT, WINNER, tables

__all__ = ["BadVotes", "VoteFile", "read_votes"]


@dataclass(frozen=True, slots=True)
class VoteFile:
    """The votes of a file: names in alphabetical order, counts in that order, and how many rows were ignored.

    votes: the rows themselves, where they were asked for and the file names voters. weighted: whether it has weights.
    """

    names: tuple[str, ...]
    counts: Counts
    ignored: int
    votes: Votes | None
    weighted: bool


def read_votes(path: Path, *, keep_votes: bool = False) -> VoteFile:
    """Read and count.

    Args:
        path: the format is told by its suffix; what has none of ours is read as JSON Lines.
        keep_votes: keep the rows too, for intervals by voter.

    Raises:
        BadVotes: see there.
    """
    counter, ids, weighted = Counter(keep_votes=keep_votes), _Ids(), False
    try:
        for table in tables(path):
            columns = _columns_of(table)
            counter.add(columns)
            ids.add(_first(table, ID))
            weighted |= columns.weight is not None
        ids.require_distinct(_first(table, ID) for table in tables(path))
    except pa.ArrowInvalid as error:
        raise BadVotes(f"{path}: {error}") from error
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise BadVotes(f"{path}: {error}") from error
    if not counter.rows:
        raise BadVotes(f"{path}: no votes")
    found = counter.finish()
    return VoteFile(found.names, found.counts, found.ignored, found.votes, weighted)


def _columns_of(table: pa.Table) -> Columns:
    sides = next((pair for pair in SIDES if _has(table, pair[0]) and _has(table, pair[1])), None)
    if sides is None:
        sides = next((pair for pair in SIDES if _has(table, pair[0]) or _has(table, pair[1])), SIDES[0])
    nothing = pa.nulls(len(table), pa.string())
    left, right, winner = (
        nothing if column is None else column for column in (_first(table, (name,)) for name in (*sides, "winner"))
    )
    if winner is nothing:
        winner = _or(_first(table, WINNER), nothing)
    return Columns(sides, left, right, winner, _first(table, WEIGHT), _first(table, VOTER))


def _or(column: Any, other: Any) -> Any:
    return other if column is None else column


def _has(table: pa.Table, name: str) -> bool:
    return name in table.column_names and table[name].null_count < len(table)


def _first(table: pa.Table, names: Iterable[str]) -> Any:
    """The first of the columns that is there and not empty, in one piece; None without any."""
    name = next((name for name in names if _has(table, name)), None)
    return None if name is None else table[name].combine_chunks()


class _Ids:
    """Ids of votes, kept as hashes; whether two that hash alike are alike is settled by a second reading."""

    def __init__(self) -> None:
        self._hashes: list[NDArray[np.int64]] = []

    def add(self, column: Any) -> None:
        if column is not None:
            self._hashes.append(_hashes(column))

    def require_distinct(self, again: Iterable[Any]) -> None:
        if not self._hashes:
            return
        ordered = np.concatenate(self._hashes)
        ordered.sort()
        suspects = ordered[1:][ordered[1:] == ordered[:-1]]
        if not len(suspects):
            return
        seen: dict[str, int] = {}
        row = 0
        for column in again:
            hashes = _hashes(column)
            for place in np.flatnonzero(np.isin(hashes, suspects)):
                name, number = str(column[int(place)].as_py()), row + int(place) + 1
                if name in seen and name != "None":
                    raise BadVotes(f"row {number}: vote {name!r} is in row {seen[name]} already")
                seen[name] = number
            row += len(hashes)


def _hashes(column: Any) -> NDArray[np.int64]:
    """(N,): Python's keyed hashes, which a file cannot be written to collide under."""
    values = column.cast(pa.string()).to_pylist()
    return np.fromiter((hash(value) for value in values), dtype=np.int64, count=len(values))
