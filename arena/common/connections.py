"""What a process holds open to PostgreSQL and Valkey: every pool has a bound, and servers are told whose each one is.

`SELECT application_name, count(*) FROM pg_stat_activity GROUP BY 1` and `CLIENT LIST` tell an operator which process
holds what; `make bench-soak` compares that with the bounds.
"""

import os
from typing import Final, Literal

from django.db import connection

#: How many a process may hold of each: `ARENA_DB_POOL_SIZE` of the database, `ARENA_REDIS_POOL_SIZE` of the others.
Pool = Literal["database", "calls", "streams", "messages"]
#: The gauge of `database_busy`.
BUSY: Final = "arena_database_connections_busy"


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
