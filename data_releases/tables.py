"""What a table of a release is, and its bytes. Pure."""

import hashlib
import io
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

#: Rows of a Parquet row group; a fixed number, because it decides bytes.
ROW_GROUP: Final = 65_536
ZSTD_LEVEL: Final = 9


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `nullable` is a promise that `verify` checks."""

    name: str
    type: pa.DataType
    meaning: str
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class TableSpec:
    """One table; rows are sorted by `key`, which is unique."""

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def file(self) -> str:
        """Its file in the release."""
        return f"{self.name}.parquet"

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema, without metadata."""
        return pa.schema([pa.field(c.name, c.type, nullable=c.nullable) for c in self.columns])


def schema_sha256(spec: TableSpec) -> str:
    """Names, types and nullability of the columns, as one number."""
    described = "\n".join(f"{field.name}\t{field.type}\t{field.nullable}" for field in spec.schema)
    return hashlib.sha256(described.encode()).hexdigest()


def parquet_bytes(spec: TableSpec, table: pa.Table) -> bytes:
    """The table as Parquet: sorted by its key, one encoding, so that equal rows in any order are equal bytes.

    Raises:
        pyarrow.ArrowInvalid: the columns are not those of `spec`.
    """
    ordered = table.select(spec.schema.names).cast(spec.schema).sort_by([(name, "ascending") for name in spec.key])
    # One chunk: a page must not end where a batch of the source ended.
    ordered = ordered.combine_chunks()
    sink = io.BytesIO()
    pq.write_table(
        ordered,
        sink,
        compression="zstd",
        compression_level=ZSTD_LEVEL,
        row_group_size=ROW_GROUP,
        version="2.6",
        data_page_version="1.0",
        write_statistics=True,
        store_schema=False,
    )
    return sink.getvalue()
