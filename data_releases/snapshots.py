"""One moment of the database, for any number of processes.

ExtractError
└── SnapshotGone    whoever holds the snapshot has ended
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import DataError, OperationalError, ProgrammingError, connection, transaction

#: Rows of one time lie beside each other: finding a shard's by index costs less than the planner thinks. A build gets
#: faster by more shards at a time; further processes for one query take longer to start than they save.
_PLANNED: Final = (
    "SET LOCAL random_page_cost = 1.1; SET LOCAL jit = off; SET LOCAL max_parallel_workers_per_gather = 0"
)
_READ_ONLY: Final = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"


class ExtractError(Exception):
    """Rows cannot be read."""


class SnapshotGone(ExtractError):
    """Whoever holds the snapshot has ended."""


@contextmanager
def shared_snapshot() -> Iterator[str]:
    """The name of a snapshot of the database for `read`, in any process, as long as this lasts.

    Empty inside a transaction: only that one sees what it has written.
    """
    if connection.in_atomic_block:
        yield ""
        return
    holder = connection.copy()
    try:
        holder.set_autocommit(False)
        with holder.cursor() as cursor:
            cursor.execute(_READ_ONLY)
            cursor.execute("SELECT pg_export_snapshot()")
            (name,) = cursor.fetchone()
        yield name
    finally:
        holder.close()


@contextmanager
def as_of(snapshot: str) -> Iterator[None]:
    """All queries inside see the database at one moment; inside a transaction already, as it sees it."""
    outermost = not connection.in_atomic_block
    with transaction.atomic(durable=False), connection.cursor() as cursor:
        if outermost:
            cursor.execute(_READ_ONLY)
        if outermost and snapshot:
            try:
                cursor.execute("SET TRANSACTION SNAPSHOT %s", [snapshot])
            except (ProgrammingError, DataError, OperationalError) as error:
                raise SnapshotGone(snapshot) from error
        cursor.execute(_PLANNED)
        yield
