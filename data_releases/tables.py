"""What a table of a release is, and its bytes. Pure."""

import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from data_releases.columns import each_distinct, one_array

#: Rows of a Parquet row group; a fixed number, because it decides bytes.
ROW_GROUP: Final = 65_536
ZSTD_LEVEL: Final = 9
#: Bytes of a file that is worth several threads.
_LARGE: Final = 4 * 1024 * 1024

_Found: TypeAlias = tuple[pa.RecordBatch, pa.Array]


class KeysCollide(ValueError):
    """Two rows of a table share a key."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `nullable` is a promise that `verify` checks."""

    name: str
    type: pa.DataType
    meaning: str
    nullable: bool = False


@dataclass(frozen=True)
class TableSpec:
    """One table; rows are sorted by `key`, which is unique. Without slots, as a cached property needs a place."""

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def file(self) -> str:
        """Its file in the release."""
        return f"{self.name}.parquet"

    @cached_property
    def schema(self) -> pa.Schema:
        """The Arrow schema, without metadata."""
        return pa.schema([pa.field(c.name, c.type, nullable=c.nullable) for c in self.columns])


def schema_sha256(spec: TableSpec) -> str:
    """Names, types and nullability of the columns, as one number."""
    described = "\n".join(f"{field.name}\t{field.type}\t{field.nullable}" for field in spec.schema)
    return hashlib.sha256(described.encode()).hexdigest()


def parquet_bytes(spec: TableSpec, table: pa.Table) -> bytes:
    """The table as Parquet: sorted by its key, one encoding, so that equal rows in any order are equal bytes.

    Texts may come as dictionaries, and nested columns as the JSON of their values: a million pools of systems are a
    few dozen different ones. They get their types row group by row group.

    Raises:
        pyarrow.ArrowInvalid: the columns are not those of `spec`.
        KeysCollide: two rows share a key.
    """
    sink = io.BytesIO()
    options = {"compression": "zstd", "compression_level": ZSTD_LEVEL, "version": "2.6", "data_page_version": "1.0"}
    with pq.ParquetWriter(sink, spec.schema, write_statistics=True, store_schema=False, **options) as writer:
        last: tuple[Any, ...] | None = None
        for group in _groups(spec, table.select(spec.schema.names)):
            _require_distinct(spec, group, last)
            last = tuple(group[name][-1].as_py() for name in spec.key)
            writer.write_table(group, row_group_size=ROW_GROUP)
    return sink.getvalue()


def table_of(content: bytes, columns: Sequence[str] | None = None) -> pa.Table:
    """What is in a Parquet file; None: all columns.

    Not by `read_table`, which prepares to find many files, and takes twice as long over one as small as most are. Such
    a one is read without threads, which take longer to begin than what they share.

    Raises:
        pyarrow.ArrowException, OSError: it is no Parquet file.
    """
    with pq.ParquetFile(pa.BufferReader(content)) as file:
        return file.read(columns, use_threads=len(content) > _LARGE)


def _groups(spec: TableSpec, table: pa.Table) -> Iterator[pa.Table]:
    """The rows in the order of their key, a row group at a time, each in one chunk: a page must not end where one did.

    A group is made column by column, so that memory holds one of them twice.
    """
    ascending = [(name, "ascending") for name in spec.key]
    order = pc.sort_indices(table.select(spec.key), sort_keys=ascending).to_numpy().astype(np.int64)
    batches = table.to_batches()
    edges = np.cumsum([0, *map(len, batches)])
    for start in range(0, len(order), ROW_GROUP):
        rows = order[start : start + ROW_GROUP]
        ranks = np.argsort(rows)
        back = np.empty_like(ranks)
        back[ranks] = np.arange(len(ranks))
        found = _found(batches, edges, rows[ranks])
        columns = [_typed(field, _column(found, field.name).take(pa.array(back))) for field in spec.schema]
        yield pa.table(columns, schema=spec.schema)


def chosen(batches: Sequence[pa.RecordBatch], edges: NDArray[np.int64], rows: NDArray[np.int64]) -> pa.Table:
    """Some rows (ascending), in one chunk; `edges`: where batches begin."""
    found = _found(batches, edges, rows)
    return pa.table({name: _column(found, name) for name in batches[0].schema.names})


def _found(batches: Sequence[pa.RecordBatch], edges: NDArray[np.int64], rows: NDArray[np.int64]) -> list[_Found]:
    """Which rows these are of which batch."""
    bounds = np.searchsorted(rows, edges)
    return [
        (batch, pa.array(rows[low:high] - edge))
        for batch, edge, low, high in zip(batches, edges, bounds, bounds[1:], strict=False)
        if low < high
    ]


def _column(found: Sequence[_Found], name: str) -> pa.Array:
    return one_array(pa.chunked_array([batch[name].take(rows) for batch, rows in found]).unify_dictionaries())


def _require_distinct(spec: TableSpec, group: pa.Table, last: tuple[Any, ...] | None) -> None:
    same = np.ones(max(len(group) - 1, 0), bool)
    for name in spec.key:
        column = group[name]
        same &= pc.equal(column[1:], column[:-1]).to_numpy()
    if same.any() or tuple(group[name][0].as_py() for name in spec.key) == last:
        raise KeysCollide(f"two rows of {spec.name} share a key")


def _typed(field: pa.Field, column: pa.Array) -> pa.Array:
    if pa.types.is_nested(field.type) and not pa.types.is_nested(column.type):
        column = each_distinct(column, json.loads, field.type)
    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    return pc.cast(column, field.type)
