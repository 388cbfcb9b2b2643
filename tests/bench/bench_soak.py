"""Minutes at half of the most: does memory grow, does anything stay open?

So many battles stream at all times; each has a socket, is voted on when it is ready, and is replaced by a new one.
Memory that belongs to each process alone, its descriptors, the connections of PostgreSQL and the clients of Valkey are
sampled. Growth compares the last tenth with the first tenth after a warm-up of a fifth; a leak is what is still open
some seconds after the load has ended, and was not open before it began.

    make bench-soak [MINUTES=10] [STREAMS=100]
"""

import asyncio
import json
import os
import time
from statistics import median
from typing import Any

import redis
import uvloop

from tests.bench.figures import descriptors
from tests.bench.http_load import Connection, request_bytes
from tests.bench.loaded_arena import LoadedArena, loaded_arena
from tests.bench.socket_load import Followed, follow

MINUTES = float(os.environ.get("MINUTES", "10"))
STREAMS = int(os.environ.get("STREAMS", "100"))
#: One answer, in chunks of a tenth of a second.
CHUNKS = 250
SAMPLE_EVERY_S = 10.0
SETTLE_S = 12.0
#: Longer than a backend's connection is kept for another request.
KEPT_ALIVE_S = 35.0
_OUTCOME = b'{"outcome": "tie"}'
#: The load itself, and servers whose memory is theirs to use.
_NOT_OURS = ("fake", "postgresql", "valkey")


class Load:
    """Battles from submit to vote, one after the other, on many places at a time."""

    def __init__(self, arena: LoadedArena) -> None:
        self._arena = arena
        self._headers = arena.headers()
        self._from = self._headers | {"Origin": f"http://127.0.0.1:{arena.sockets_port}"}
        self.votes = self.broken = 0

    async def place(self, begin_s: float, until: float) -> None:
        """Battle after battle, from then on, until that moment of the monotonic clock."""
        await asyncio.sleep(begin_s)
        while time.monotonic() < until:
            await self._battle()

    async def _battle(self) -> None:
        port = self._arena.port
        connection = await Connection.open(port)
        start = request_bytes("POST", "/api/v1/arenas/text/battles", port, self._headers, b'{"prompt": "Go on."}')
        _status, _head, body = await connection.ask(start)
        battle, followed = json.loads(body)["id"], Followed()
        await follow(f"ws://127.0.0.1:{self._arena.sockets_port}/ws/v1/battles/{battle}", self._from, followed)
        vote = request_bytes("POST", f"/api/v1/battles/{battle}/vote", port, self._headers, _OUTCOME)
        # The server ends an idle connection after some seconds.
        connection.close()
        connection = await Connection.open(port)
        status, _head, _body = await connection.ask(vote)
        connection.close()
        self.votes += status == 201
        self.broken += status != 201 or not followed.text()["left"]


def opened(arena: LoadedArena) -> dict[str, int]:
    """Descriptors of each process, connections of the database, clients of Valkey."""
    counts = {name: descriptors(family) for name, family in arena.families.items()}
    [(connections,)] = arena.stack.query("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
    with redis.Redis.from_url(arena.stack.env["REDIS_URL"]) as valkey:
        clients = valkey.info("clients")["connected_clients"]
    return counts | {"connections of postgresql": connections, "clients of valkey": clients}


async def measure(arena: LoadedArena) -> dict[str, Any]:
    """Load, sample, let go, count."""
    load = Load(arena)
    # One battle warms up what is opened once and kept.
    await load.place(0.0, time.monotonic() + 0.01)
    await asyncio.sleep(SETTLE_S)
    before = await asyncio.to_thread(opened, arena)
    until = time.monotonic() + MINUTES * 60
    places = [asyncio.create_task(load.place(n * CHUNKS / 10 / STREAMS, until)) for n in range(STREAMS)]
    samples: list[dict[str, float]] = []
    while time.monotonic() < until:
        await asyncio.sleep(SAMPLE_EVERY_S)
        samples.append(await asyncio.to_thread(arena.memory_mb))
        print(round(until - time.monotonic()), samples[-1], flush=True)  # noqa: T201
    await asyncio.wait_for(asyncio.gather(*places), CHUNKS / 10 + 60)
    await asyncio.sleep(KEPT_ALIVE_S)
    # Connections to backends that nobody needs any more are closed when the next one is asked for.
    await load.place(0.0, time.monotonic() + 0.01)
    await asyncio.sleep(SETTLE_S)
    after = await asyncio.to_thread(opened, arena)
    growth = {name: growth_percent([sample[name] for sample in samples]) for name in samples[0]}
    return {
        "bench": "soak",
        "minutes": MINUTES,
        "streams": STREAMS,
        "battles_voted": load.votes,
        "broken": load.broken,
        "memory_mb": samples[-1],
        "growth_percent": growth,
        "worst_growth_percent": max(percent for name, percent in growth.items() if name not in _NOT_OURS),
        "opened_before": before,
        "opened_after": after,
        "still_open": {name: after[name] - before[name] for name in before if after[name] > before[name]},
    }


def growth_percent(samples: list[float]) -> float:
    """From the first tenth after the warm-up to the last tenth, medians."""
    tenth = max(1, len(samples) // 10)
    first, last = samples[len(samples) // 5 :][:tenth], samples[-tenth:]
    return round((median(last) / median(first) - 1) * 100, 2)


def main() -> None:
    """Measure, print."""
    with loaded_arena(FAKE_CHUNKS=str(CHUNKS)) as arena:
        figures = uvloop.run(measure(arena))
    print(json.dumps(figures))  # noqa: T201


if __name__ == "__main__":
    main()
