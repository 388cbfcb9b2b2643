"""How rows come out of the database: PostgreSQL sends them (`COPY`), Arrow parses them, no Python object per row."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg
import pyarrow as pa
from django.db import OperationalError, connection
from django.db.models import F, QuerySet
from psycopg.pq import ExecStatus
from pyarrow import csv

from data_releases.columns import unpacked

Rows = QuerySet[Any, Any]

_BLOCK_BYTES: Final = 32 * 1024 * 1024
_PARSE: Final = csv.ParseOptions(newlines_in_values=True)


@dataclass(frozen=True, slots=True)
class Source:
    """One query: its rows, and the Arrow type of each column by name."""

    rows: Rows
    types: dict[str, pa.DataType]
    #: A column that holds two, and their names; see `columns.unpacked`.
    packed: tuple[str, tuple[str, str]] | None = None


def source_of(rows: Rows, **columns: tuple[Any, pa.DataType]) -> Source:
    """A query of exactly these columns: name → (field or expression, Arrow type)."""
    named = {f"x_{name}": F(what) if isinstance(what, str) else what for name, (what, _type) in columns.items()}
    return Source(
        rows.order_by().annotate(**named).values_list(*named), {n: kind for n, (_w, kind) in columns.items()}
    )


def copied(source: Source) -> pa.Table:
    """The rows of a source, as the transaction sees them."""
    table = _parsed(source)
    return unpacked(table, *source.packed) if source.packed else table


def _parsed(source: Source) -> pa.Table:
    sql, params = source.rows.query.sql_with_params()
    content = _copied_rows(f"COPY ({sql}) TO STDOUT (FORMAT csv)", params)
    if not content:
        return pa.schema(list(source.types.items())).empty_table()
    return csv.read_csv(
        pa.BufferReader(content),
        read_options=csv.ReadOptions(column_names=list(source.types), block_size=_BLOCK_BYTES),
        parse_options=_PARSE,
        convert_options=csv.ConvertOptions(
            column_types=source.types,
            true_values=["t"],
            false_values=["f"],
            null_values=[""],
            strings_can_be_null=True,
            # COPY quotes an empty text and leaves NULL bare.
            quoted_strings_can_be_null=False,
        ),
    )


def _copied_rows(sql: str, params: Sequence[Any]) -> bytearray:
    """What `Cursor.copy` does, a row a step, without its generators: they take longer than the rest together."""
    rows = bytearray()
    with connection.cursor() as cursor:
        wanted = psycopg.ClientCursor(cursor.connection).mogrify(sql, params)
        link = cursor.connection.pgconn
        ended = link.exec_(wanted.encode())
        while ended.status == ExecStatus.COPY_OUT:
            size, row = link.get_copy_data(0)
            if size > 0:
                rows += row
            else:
                ended = link.get_result() or ended
        if ended.status != ExecStatus.COMMAND_OK:
            raise OperationalError(ended.error_message.decode(errors="replace"))
        while link.get_result() is not None:
            pass
    return rows
