"""Files of votes as Arrow tables, block by block: CSV, JSON Lines, JSON, each also gzipped, and Parquet.

Columns that mean nothing to us are dropped. One row that is not as the others refuses the file and is named by its
number, counted from 1.
"""

import gzip
import io
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Final

import pyarrow as pa
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet

from arena.rankings.columns import BadVotes

#: The names of columns, by what they hold; a file has one of each kind.
SIDES: Final = (("left", "right"), ("model_a", "model_b"), ("system_a", "system_b"))
WINNER: Final = ("winner", "outcome")
WEIGHT: Final = ("weight",)
VOTER: Final = ("voter", "voter_id", "judge")
ID: Final = ("vote_id", "id")
KNOWN: Final = tuple(name for pair in SIDES for name in pair) + WINNER + WEIGHT + VOTER + ID
#: What the parser says to what is no JSON, or is nested too deeply.
_NOT_JSON: Final = (ValueError, RecursionError)

#: Bytes of text, or rows of Parquet, read at a time. Arrow reads a dozen blocks of text ahead.
BLOCK_BYTES: Final = 1 << 20
BLOCK_ROWS: Final = 1 << 17


def tables(path: Path) -> Iterator[pa.Table]:
    """The blocks of a file; the format is told by its suffix, and what has none of ours is read as JSON Lines.

    Raises:
        BadVotes: see there.
        pa.ArrowInvalid, OSError, EOFError, zlib.error, UnicodeDecodeError: what the libraries say of broken files.
    """
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
        _require_columns(file.schema_arrow.names)
        names = [name for name in file.schema_arrow.names if name in KNOWN]
        for batch in file.iter_batches(BLOCK_ROWS, columns=names, use_threads=False):
            yield _known(batch)


def _require_columns(names: Sequence[str]) -> None:
    """See that a file with a header has what no vote is without."""
    for kind in (*zip(*SIDES, strict=True), WINNER):
        if not set(kind) & set(names):
            wanted = " or ".join(repr(name) for name in kind)
            raise BadVotes(f"no column {wanted}; the columns are: {', '.join(names)[:200]}")


def _known(batch: pa.RecordBatch) -> pa.Table:
    """The columns that mean something here."""
    names = [name for name in batch.schema.names if name in KNOWN]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadVotes(f"two columns are called {twice[0]!r}")
    return pa.Table.from_batches([batch]).select(names)


def _csv_tables(stream: IO[bytes]) -> Iterator[pa.Table]:
    ragged: list[str] = []

    def note(row: Any) -> str:
        ragged.append(f"row {row.number - 1}: {row.actual_columns} values instead of {row.expected_columns}")
        return "error"

    known = {name: pa.string() for name in KNOWN}
    try:
        reader = pa.csv.open_csv(
            stream,
            pa.csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES),
            pa.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=note),
            pa.csv.ConvertOptions(column_types=known, strings_can_be_null=True, null_values=[""]),
        )
        _require_columns(reader.schema.names)
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
    kinds: dict[str, pa.DataType] = dict.fromkeys(KNOWN, pa.string()) | dict.fromkeys(WEIGHT, pa.float64())
    kinds |= {name: pa.int64() for name in ID + VOTER if isinstance(shown.get(name), int)}
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
        name: pa.array([_word(row.get(name)) for row in rows], pa.string()) for name in KNOWN
    }
    return pa.table(columns)


def _word(value: Any) -> str | None:
    """A string as it is; a number of an id or a weight as text; what cannot be meant is nothing."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    return str(value)
