"""Files that write themselves piece by piece, so that no export is ever in memory as a whole. Pure.

A file takes its rows while it is written, and is written once: what it is made from may be a generator.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO, Final, TypeAlias, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from arena.policies.embedding import DIMENSIONS, Vectors

T = TypeVar("T")

#: So many rows are in memory at once, and in a row group.
ROWS: Final = 4_096

File: TypeAlias = Callable[[BinaryIO], None]


@dataclass(frozen=True, slots=True)
class Rows:
    """A list in a JSON file whose values come one by one."""

    values: Iterable[Any]


def in_batches(values: Iterable[T], size: int | None = None) -> Iterator[list[T]]:
    """The values in lists of `size`, else of `ROWS`; the last may be shorter."""
    rest = iter(values)
    while batch := list(islice(rest, size or ROWS)):
        yield batch


def text_file(pieces: Iterable[str]) -> File:
    """Pieces of text, one after another."""

    def write(sink: BinaryIO) -> None:
        sink.writelines(piece.encode() for piece in pieces)

    return write


def json_lines(rows: Iterable[Any]) -> File:
    """One JSON value a line."""
    return text_file(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def json_file(value: Any) -> File:
    """A JSON file. The value is plain, or `Rows`, or an object whose values are one of the three."""
    return text_file(_json_pieces(value, "\n"))


def _json_pieces(value: Any, end: str = "") -> Iterator[str]:
    if isinstance(value, Rows):
        yield from _enclosed("[]", ([json.dumps(row, ensure_ascii=False)] for row in value.values))
    elif isinstance(value, dict) and any(isinstance(one, Rows | dict) for one in value.values()):
        yield from _enclosed("{}", (_member(key, one) for key, one in value.items()))
    else:
        yield json.dumps(value, ensure_ascii=False, indent=1)
    yield end


def _member(key: str, value: Any) -> Iterator[str]:
    yield json.dumps(key, ensure_ascii=False) + ": "
    yield from _json_pieces(value)


def _enclosed(brackets: str, items: Iterable[Iterable[str]]) -> Iterator[str]:
    """Items with commas between them, each in pieces."""
    yield brackets[0]
    separator = "\n"
    for item in items:
        yield separator
        yield from item
        separator = ",\n"
    yield "\n" + brackets[1]


def csv_file(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> File:
    """A CSV file with a header."""

    def write(sink: BinaryIO) -> None:
        text = io.TextIOWrapper(sink, encoding="utf-8", newline="", write_through=True)
        writer = csv.DictWriter(text, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        # Else it would close the sink with itself.
        text.detach()

    return write


def parquet_file(rows: Iterable[Any], kind: pa.Schema) -> File:
    """A Parquet file of rows, a row group at a time."""
    return parquet_tables((pa.Table.from_pylist(batch, schema=kind) for batch in in_batches(rows)), kind)


def parquet_tables(tables: Iterable[pa.Table], kind: pa.Schema) -> File:
    """A Parquet file of tables, each a row group."""

    def write(sink: BinaryIO) -> None:
        with pq.ParquetWriter(sink, kind, compression="zstd") as writer:
            for table in tables:
                writer.write_table(table)

    return write


def npy_file(length: int, batches: Iterable[Vectors], dimensions: int = DIMENSIONS) -> File:
    """A file of numpy, (length, dimensions) float32, from batches of its rows."""

    def write(sink: BinaryIO) -> None:
        header = {"descr": "<f4", "fortran_order": False, "shape": (length, dimensions)}
        np.lib.format.write_array_header_1_0(sink, header)
        sink.writelines(np.ascontiguousarray(batch, "<f4").tobytes() for batch in batches)

    return write
