"""Tables as Parquet, in two threads: what parts say all about does not wait for what is made of all of them."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

import pyarrow as pa

from data_releases import schema
from data_releases.projection import OF_PARTS, Parts, of_parts


@dataclass(frozen=True, slots=True)
class Written:
    """A table's file, and how many rows are in it."""

    content: bytes
    rows: int


#: Tables that are being written, by name.
Begun: TypeAlias = Mapping[str, Future[Written]]
NOTHING_BEGUN: Final[Begun] = {}


def written(spec: schema.TableSpec, table: Callable[[], pa.Table]) -> Written:
    """A table's file; `table` gives its rows, which are held no longer than this takes.

    Raises:
        KeysCollide: two rows share a key.
    """
    rows = table()
    made = Written(schema.parquet_bytes(spec, rows), len(rows))
    del rows
    pa.default_memory_pool().release_unused()
    return made


@contextmanager
def begun(parts: Parts) -> Iterator[Begun]:
    """Begin to write what parts say all about, in the order of `OF_PARTS`. At the end nothing is begun any more."""
    pool = ThreadPoolExecutor(1, "arena-tables")
    try:
        yield {name: pool.submit(written, schema.BY_NAME[name], partial(of_parts, parts, name)) for name in OF_PARTS}
    finally:
        pool.shutdown(cancel_futures=True)


def all_written(tables: Mapping[str, pa.Table], begun: Begun) -> dict[str, Written]:
    """Every table of a release by name: what nobody has begun yet is written here, the last first.

    Raises:
        KeysCollide: two rows of a table share a key.
    """
    own = [name for name in tables if name not in begun]
    return {name: _taken(name, tables, begun) for name in (*own, *reversed(tuple(begun)))}


def _taken(name: str, tables: Mapping[str, pa.Table], begun: Begun) -> Written:
    if name in begun and not begun[name].cancel():
        return begun[name].result()
    return written(schema.BY_NAME[name], partial(tables.__getitem__, name))
