"""Votes from a file of somebody's own: CSV, JSON Lines, JSON or Parquet, the first three also gzipped.

A row names two systems and the winner. Accepted are our own words, those of LMArena (`model_a`, `model_b`, `winner`
with "model_a", "model_b", "tie", "tie (bothbad)") and those of evalica (`left`, `right`, `winner` with "X", "Y",
"Draw", "Ignore"; also "left", "right", "tie"), upper and lower case alike. A file may also have `weight` (not
negative), `id` or `vote_id` (never twice), and `voter` or `judge` (for intervals by voter).

A file is read in blocks and counted as it comes, so that memory does not grow with it (eight bytes per row for ids,
some more where votes must be kept by voter; a JSON list is read whole). One bad row refuses the whole file.
"""

import gzip
import io
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet
from numpy.typing import NDArray

from arena.rankings.columns import BadVotes, Columns, Counter
from arena.rankings.tallies import Counts, Votes

__all__ = ["BadVotes", "VoteFile", "read_votes"]

_SIDES: Final = (("left", "right"), ("model_a", "model_b"), ("system_a", "system_b"))
_WINNER: Final = ("winner", "outcome")
_WEIGHT: Final = ("weight",)
_VOTER: Final = ("voter", "voter_id", "judge")
_ID: Final = ("vote_id", "id")
_KNOWN: Final = tuple(name for pair in _SIDES for name in pair) + _WINNER + _WEIGHT + _VOTER + _ID
#: What the parser says to what is no JSON, or is nested too deeply.
_NOT_JSON: Final = (ValueError, RecursionError)

#: Bytes of text, or rows of Parquet, read at a time. Arrow reads a dozen blocks of text ahead.
BLOCK_BYTES: Final = 1 << 20
BLOCK_ROWS: Final = 1 << 17


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
        for table in _tables(path):
            columns = _columns_of(table)
            counter.add(columns)
            ids.add(_first(table, _ID))
            weighted |= columns.weight is not None
        ids.require_distinct(_first(table, _ID) for table in _tables(path))
    except pa.ArrowInvalid as error:
        raise BadVotes(f"{path}: {error}") from error
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise BadVotes(f"{path}: {error}") from error
    if not counter.rows:
        raise BadVotes(f"{path}: no votes")
    found = counter.finish()
    return VoteFile(found.names, found.counts, found.ignored, found.votes, weighted)


def _columns_of(table: pa.Table) -> Columns:
    sides = next((pair for pair in _SIDES if _has(table, pair[0]) and _has(table, pair[1])), None)
    if sides is None:
        sides = next((pair for pair in _SIDES if _has(table, pair[0]) or _has(table, pair[1])), _SIDES[0])
    nothing = pa.nulls(len(table), pa.string())
    left, right, winner = (
        nothing if column is None else column for column in (_first(table, (name,)) for name in (*sides, "winner"))
    )
    if winner is nothing:
        winner = _or(_first(table, _WINNER), nothing)
    return Columns(sides, left, right, winner, _first(table, _WEIGHT), _first(table, _VOTER))


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


def _tables(path: Path) -> Iterator[pa.Table]:
    kind = next((suffix for suffix in reversed(path.suffixes) if suffix != ".gz"), "").lower()
    if kind in {".parquet", ".pq"}:
        yield from _parquet_tables(path)
        return
    with _opened(path) as stream:
        if kind == ".csv":
            yield from _csv_tables(stream)
        elif kind == ".json":
            yield _table_of(_json_array(path, stream), 0)
        else:
            yield from _json_line_tables(stream)


def _opened(path: Path) -> IO[bytes]:
    with path.open("rb") as plain:
        zipped = plain.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rb") if zipped else path.open("rb")  # type: ignore[return-value]


def _parquet_tables(path: Path) -> Iterator[pa.Table]:
    with pa.parquet.ParquetFile(path) as file:
        names = [name for name in file.schema_arrow.names if name in _KNOWN]
        for batch in file.iter_batches(BLOCK_ROWS, columns=names, use_threads=False):
            yield _known(batch)


def _known(batch: pa.RecordBatch) -> pa.Table:
    """The columns that mean something here."""
    names = [name for name in batch.schema.names if name in _KNOWN]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadVotes(f"two columns are called {twice[0]!r}")
    return pa.Table.from_batches([batch]).select(names)


def _csv_tables(stream: IO[bytes]) -> Iterator[pa.Table]:
    ragged: list[str] = []

    def note(row: Any) -> str:
        ragged.append(f"row {row.number - 1}: {row.actual_columns} values instead of {row.expected_columns}")
        return "error"

    known = {name: pa.string() for name in _KNOWN}
    try:
        reader = pa.csv.open_csv(
            stream,
            pa.csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES),
            pa.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=note),
            pa.csv.ConvertOptions(column_types=known, strings_can_be_null=True, null_values=[""]),
        )
        for batch in reader:
            yield _known(batch)
    except pa.ArrowInvalid as error:
        if "Empty CSV" in str(error):
            return
        raise BadVotes(ragged[0] if ragged else _in_our_rows(str(error))) from error


def _in_our_rows(message: str) -> str:
    """Arrow counts the header as row 1."""
    found = re.search(r"Row #(\d+): (.*)", message, re.DOTALL)
    return f"row {int(found[1]) - 1}: {found[2]}" if found else message


def _json_array(path: Path, stream: IO[bytes]) -> list[Any]:
    try:
        rows = json.loads(stream.read().decode("utf-8-sig"))
    except _NOT_JSON as error:
        raise BadVotes(f"{path}: {error}") from error
    if not isinstance(rows, list):
        raise BadVotes(f"{path}: not a list of votes")
    return rows


def _json_line_tables(stream: IO[bytes]) -> Iterator[pa.Table]:
    schema, row = None, 0
    for block in _line_blocks(stream):
        if schema is None:
            schema = _schema_of(block)
        table = _by_arrow(block, schema)
        if table is None:
            table = _table_of(_json_lines(block, row), row)
        row += len(table)
        yield table


def _line_blocks(stream: IO[bytes]) -> Iterator[bytes]:
    """Blocks of whole lines, without a byte-order mark."""
    rest = stream.read(3).removeprefix(b"\xef\xbb\xbf")
    while block := stream.read(BLOCK_BYTES):
        head, newline, tail = (rest + block).rpartition(b"\n")
        rest = tail
        if (head + newline).strip():
            yield head + newline
    if rest.strip():
        yield rest


def _schema_of(block: bytes) -> pa.Schema:
    """Names and words are strings; of ids, voters and weights, the first row shows what they are."""
    try:
        first = json.loads(block.lstrip().partition(b"\n")[0])
    except _NOT_JSON:
        first = None
    shown = first if isinstance(first, dict) else {}
    kinds: dict[str, pa.DataType] = dict.fromkeys(_KNOWN, pa.string()) | dict.fromkeys(_WEIGHT, pa.float64())
    kinds |= {name: pa.int64() for name in _ID + _VOTER if isinstance(shown.get(name), int)}
    return pa.schema(list(kinds.items()))


def _by_arrow(block: bytes, schema: pa.Schema) -> pa.Table | None:
    """A block of lines; None where anything is not as the schema says, so that Python finds the row and the reason."""
    try:
        block.decode()  # Arrow does not look
        return pa.json.read_json(
            io.BytesIO(block),
            pa.json.ReadOptions(use_threads=False, block_size=len(block) + 1),
            pa.json.ParseOptions(schema, newlines_in_values=False, unexpected_field_behavior="ignore"),
        )
    except (pa.ArrowInvalid, UnicodeDecodeError):
        return None


def _json_lines(block: bytes, before: int) -> list[Any]:
    rows = []
    for line in block.split(b"\n"):
        if line.strip():
            try:
                rows.append(json.loads(line))
            except _NOT_JSON as error:
                raise BadVotes(f"row {before + len(rows) + 1}: {error}") from error
    return rows


def _table_of(rows: list[Any], before: int) -> pa.Table:
    for number, row in enumerate(rows, start=before + 1):
        if not isinstance(row, dict):
            raise BadVotes(f"row {number}: not an object with named values")
    columns: dict[str, pa.Array] = {
        name: pa.array([_word(row.get(name)) for row in rows], pa.string()) for name in _KNOWN
    }
    return pa.table(columns)


def _word(value: Any) -> str | None:
    """A string as it is; a number of an id or a weight as text; what cannot be meant is nothing."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    return str(value)
