"""Minutes at half of the most: does memory grow, does anything stay open?

So many battles stream at all times; each has a socket, is voted on when it is ready, and is replaced by a new one.
Memory that belongs to each process alone is sampled. Growth compares the last tenth with the first tenth after a warm-
up of a fifth. What is open is counted before the first battle; after one round of the load, in a whole run after the
first study of the votes; at half time; and some seconds after the load has ended: connections of pools by their
servers, all else as descriptors (`connections`). Ends with 1 where memory grew by more than 2 %, a pool holds more
than its setting allows, anything else stayed open beyond a handful, a connection is in use though nobody asks for
anything, a battle broke or a part ended.

    make bench-soak [MINUTES=10] [STREAMS=100]    up to a quarter of an hour more than that
    make bench-soak MINUTES=1 STREAMS=30          to try it: two minutes more than that
"""

import asyncio
import json
import os
import time
from collections.abc import Mapping
from statistics import median
from typing import Any

import uvloop

from tests.bench.connections import MOST_OPEN, NOT_OURS, Held, Pooled, at_rest, beyond, bounds, course, grown, held
from tests.bench.http_load import Connection, request_bytes
from tests.bench.loaded_arena import LoadedArena, loaded_arena
from tests.bench.socket_load import Followed, follow
from tests.bench.verdict import conclude

MINUTES = float(os.environ.get("MINUTES", "10"))
STREAMS = int(os.environ.get("STREAMS", "100"))
#: One answer, in chunks of a tenth of a second.
CHUNKS = 250
SAMPLE_EVERY_S = 10.0
SETTLE_S = 12.0
#: Longer than a backend's connection is kept for another request.
KEPT_ALIVE_S = 35.0
#: So many battles at once ask every system, and with it every pool of connections to backends.
ASKERS = 12
#: The rarest job that works on votes is due so often. What it needs the first time it has any is no growth.
STUDIES_EVERY_S = 600.0
_STUDIED = "SELECT 1 FROM rankings_study WHERE last_vote_id >= 300"
#: Memory that a process may hold more at the end.
MOST_GROWTH_PERCENT = 2.0
_OUTCOME = b'{"outcome": "tie"}'


class Load:
    """Battles from submit to vote, one after the other, on many places at a time."""

    def __init__(self, arena: LoadedArena) -> None:
        self._arena = arena
        self._headers = arena.headers()
        self._from = self._headers | {"Origin": f"http://127.0.0.1:{arena.sockets_port}"}
        self.votes = self.broken = 0

    def places(self, seconds: float) -> list["asyncio.Task[None]"]:
        """As many as there are streams; each begins its last battle before the seconds are over, one at least."""
        until, apart_s = time.monotonic() + seconds, CHUNKS / 10 / STREAMS
        return [asyncio.create_task(self.place(n * apart_s, until + n * apart_s)) for n in range(STREAMS)]

    async def place(self, begin_s: float, until: float) -> None:
        """Battle after battle, from then on, until that moment of the monotonic clock; one at least."""
        await asyncio.sleep(begin_s)
        await self._battle()
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


async def measure(arena: LoadedArena) -> dict[str, Any]:
    """Load, sample, let go, count."""
    most = bounds(arena, held(arena).pooled)
    load = Load(arena)
    # What is opened once and kept: threads, files, the first connections of pools.
    await asyncio.wait_for(asyncio.gather(*load.places(0.0)), 2 * CHUNKS / 10 + 60)
    if MINUTES * 60 >= STUDIES_EVERY_S:
        await studied(arena, load)
    before = await settled(arena, load, most)
    half, samples = await soak(arena, load, most)
    after = await settled(arena, load, most)
    growth = {name: growth_percent([sample[name] for sample in samples]) for name in samples[0]}
    return {
        "bench": "soak",
        "minutes": MINUTES,
        "streams": STREAMS,
        "battles_voted": load.votes,
        "broken": load.broken,
        "memory_mb": samples[-1],
        "growth_percent": growth,
        "worst_growth_percent": max(percent for name, percent in growth.items() if name not in NOT_OURS),
        "pools_before_half_after_bound": course(most, before.pooled, half.pooled, after.pooled),
        "beyond_bound": beyond(after.pooled, most),
        "others_before": before.others,
        "others_after": after.others,
        "stayed_open": grown(before, after),
        "busy_at_rest": after.busy,
        "ended": [name for name, of_part in arena.families.items() if not of_part[0].is_running()],
    }


async def studied(arena: LoadedArena, load: Load) -> None:
    """The load until votes were studied."""
    until = time.monotonic() + 2 * STUDIES_EVERY_S
    while not await asyncio.to_thread(arena.stack.query, _STUDIED):
        if time.monotonic() > until:
            raise RuntimeError("no study of the votes was made")
        print("waiting for the first study of the votes", load.votes, flush=True)  # noqa: T201
        await asyncio.gather(*load.places(CHUNKS / 10))


async def soak(arena: LoadedArena, load: Load, most: Pooled) -> tuple[Held, list[dict[str, float]]]:
    """The load for all its minutes: what was open at half time, and samples of memory."""
    half_time, until = time.monotonic() + MINUTES * 30, time.monotonic() + MINUTES * 60
    places, samples, half = load.places(MINUTES * 60), [], None
    while time.monotonic() < until:
        await asyncio.sleep(SAMPLE_EVERY_S)
        samples.append(await asyncio.to_thread(arena.memory_mb))
        print(round(until - time.monotonic()), samples[-1], flush=True)  # noqa: T201
        if half is None and time.monotonic() > half_time:
            half = await asyncio.to_thread(held, arena, most)
    await asyncio.wait_for(asyncio.gather(*places), CHUNKS / 10 + 60)
    assert half is not None
    return half, samples


async def settled(arena: LoadedArena, load: Load, most: Pooled) -> Held:
    """What is open after the load has ended and what nobody needs any more was closed."""
    await asyncio.sleep(KEPT_ALIVE_S)
    # Connections to backends are closed when the next one is asked for.
    await asyncio.gather(*(load.place(0.0, time.monotonic()) for _ in range(ASKERS)))
    await asyncio.sleep(SETTLE_S)
    return await asyncio.to_thread(at_rest, arena, most)


def growth_percent(samples: list[float]) -> float:
    """From the first tenth after the warm-up to the last tenth, medians."""
    tenth = max(1, len(samples) // 10)
    first, last = samples[len(samples) // 5 :][:tenth], samples[-tenth:]
    return round((median(last) / median(first) - 1) * 100, 2)


def wrong_with(figures: Mapping[str, Any]) -> dict[str, bool]:
    """Sentence → whether it is true of what was seen."""
    return {
        f"memory grew by more than {MOST_GROWTH_PERCENT} %": figures["worst_growth_percent"] > MOST_GROWTH_PERCENT,
        "a pool holds more than its bound": bool(figures["beyond_bound"]),
        f"more than {MOST_OPEN} stayed open": bool(figures["stayed_open"]),
        "a connection is in use though nobody asks for anything": figures["busy_at_rest"] > 0,
        "a battle broke": figures["broken"] > 0,
        "a part of the arena ended": bool(figures["ended"]),
    }


def main() -> None:
    """Measure, print."""
    with loaded_arena(FAKE_CHUNKS=str(CHUNKS)) as arena:
        figures = uvloop.run(measure(arena))
    conclude(figures, wrong_with(figures))


if __name__ == "__main__":
    main()
