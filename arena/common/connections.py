"""What a process holds open to PostgreSQL and Valkey: every pool has a bound, and servers are told whose each one is.

`SELECT application_name, count(*) FROM pg_stat_activity GROUP BY 1` and `CLIENT LIST` tell an operator which process
holds what; `make bench-soak` compares that with the bounds.
"""

import os
from typing import Final, Literal

from django.conf import settings
from django.db import connection

#: How many a process may hold of each: `ARENA_DB_POOL_SIZE` of the database, `ARENA_REDIS_POOL_SIZE` of the others.
Pool = Literal["database", "calls", "streams", "messages"]
#: The gauges of `database_busy` and `database_most`.
BUSY: Final = "arena_database_connections_busy"
MOST: Final = "arena_database_connections_most"
#: A process without a pool: one that forks. One connection for its work, one for its reports.
_UNPOOLED: Final = 2
#: Connections to Valkey that are in no pool: on these a worker waits for its tasks.
_WAITING: Final = 5


def name_of(pool: Pool) -> str:
    """What a connection of this process is called at its server; a forked child keeps its parent's number."""
    return f"arena:{os.getpid()}:{pool}"


def database_busy() -> int:
    """Connections of the database pool that somebody uses at this moment; 0 where there is no pool."""
    pool = connection.pool  # type: ignore[attr-defined]
    if pool is None:
        return 0
    about = pool.get_stats()
    return int(about["pool_size"] - about["pool_available"])


def database_most() -> int:
    """Connections to PostgreSQL that this process may have at a time."""
    pool = connection.pool  # type: ignore[attr-defined]
    return _UNPOOLED if pool is None else int(pool.max_size)


def redis_most() -> int:
    """Connections to Valkey that a process with these settings may have at a time."""
    return 3 * int(settings.ARENA_REDIS_POOL_SIZE) + _WAITING
