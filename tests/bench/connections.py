"""What each part of a running arena holds open, as PostgreSQL, Valkey and the kernel count it, and what it may hold.

The connections of a pool carry the name of their process (`arena.common.connections`), so both servers can tell whose
they are. A pool may fill to its bound. Whatever else a process holds, descriptors without those connections, may not
grow; and at rest nobody uses a connection.
"""

import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import redis
from django.conf import settings

from arena.common.connections import BUSY
from ops.processes import wait_until
from tests.bench.figures import descriptors
from tests.bench.loaded_arena import LoadedArena, part_of

#: What may be open more than before without being a leak: a request of somebody else, a timer.
MOST_OPEN: Final = 3
#: A busy connection is told with the next report of its process, every five seconds.
_REST_S: Final = 15.0
_NAME: Final = re.compile(r"arena:(\d+):(\w+)")
#: The load, and servers: PostgreSQL keeps files of tables open. Their connections are counted for themselves.
NOT_OURS: Final = ("fake", "postgresql", "valkey")

#: (part, pool) → connections.
Pooled = Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Held:
    """What is open at one moment. `others`: descriptors that are no connection of a pool, by part; and connections
    that no process of the arena has put its name on, by server. `busy`: connections of database pools in use."""

    pooled: Pooled
    others: Mapping[str, int]
    busy: int = 0


def bounds(arena: LoadedArena, at_start: Pooled) -> dict[tuple[str, str], int]:
    """How many connections the pools of each part may hold, by the settings that it runs with.

    Args:
        arena: the running arena.
        at_start: before the first battle: the connections on which workers wait for messages are in no pool.
    """
    found = {}
    for part in arena.stack.all_parts():
        name, env = part_of(part.name), {**part.defaults, **arena.stack.env}
        each = int(env.get("ARENA_REDIS_POOL_SIZE", settings.ARENA_REDIS_POOL_SIZE))
        found |= {(name, "calls"): each, (name, "streams"): each}
        found[name, "messages"] = at_start.get((name, "messages"), 0) + each
        # Without a pool, connections are opened and closed: they are descriptors like others.
        if size := int(env.get("ARENA_DB_POOL_SIZE", 0)):
            found[name, "database"] = size
    return found


def held(arena: LoadedArena, pools: Iterable[tuple[str, str]] = ()) -> Held:
    """What is open now. `pools`: those that have a bound; the connections of others count as descriptors."""
    by_name = {"postgresql": _of_postgresql(arena), "valkey": _of_valkey(arena)}
    parts = {process.pid: part for part, family in arena.families.items() for process in family}
    pooled: Counter[tuple[str, str]] = Counter()
    others = {name: descriptors(family) for name, family in arena.families.items() if name not in NOT_OURS}
    for server, names in by_name.items():
        for name, number in names.items():
            if (match := _NAME.fullmatch(name)) and (part := parts.get(int(match[1]))):
                pooled[part, match[2]] += number
            else:
                nobody = f"connections of nobody to {server}"
                others[nobody] = others.get(nobody, 0) + number
    bounded = set(pools) or set(pooled)
    for (part, pool), number in pooled.items():
        if (part, pool) in bounded:
            others[part] -= number
    return Held({key: number for key, number in pooled.items() if key in bounded}, others)


def at_rest(arena: LoadedArena, pools: Iterable[tuple[str, str]]) -> Held:
    """What is open where nobody has anything to do."""
    wait_until(lambda: _busy(arena) == 0, timeout_s=_REST_S, every_s=1.0)
    now = held(arena, pools)
    return Held(now.pooled, now.others, _busy(arena))


def _of_postgresql(arena: LoadedArena) -> dict[str, int]:
    asked = (
        "SELECT application_name, count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid() GROUP BY 1"
    )
    return {str(name): int(number) for name, number in arena.stack.query(asked)}


def _of_valkey(arena: LoadedArena) -> dict[str, int]:
    with redis.Redis.from_url(arena.stack.env["REDIS_URL"], client_name=f"bench:{os.getpid()}") as valkey:
        names = Counter(client["name"] for client in valkey.client_list())
    names.pop(f"bench:{os.getpid()}")
    return names


def _busy(arena: LoadedArena) -> int:
    asked = (
        "SELECT coalesce(sum((gauges ->> %s)::int), 0) FROM common_processreport "
        "WHERE beat_at > statement_timestamp() - interval '20 seconds'"
    )
    [(busy,)] = arena.stack.query(asked, [BUSY])
    return int(busy)


def beyond(after: Pooled, most: Pooled) -> dict[str, int]:
    """Pools that hold more than they may: connections over the bound."""
    return {" ".join(key): number - most[key] for key, number in after.items() if number > most[key]}


def grown(before: Held, after: Held) -> dict[str, int]:
    """What else is open more than before, where it is more than a handful."""
    more = {name: number - before.others.get(name, 0) for name, number in after.others.items()}
    return {name: number for name, number in more.items() if number > MOST_OPEN}


def course(most: Pooled, *moments: Pooled) -> dict[str, list[int]]:
    """How each pool filled: its connections at these moments and, last, its bound. Shows that it levels off."""
    used = sorted({key for moment in moments for key in moment})
    return {" ".join(key): [*(moment.get(key, 0) for moment in moments), most[key]] for key in used}
