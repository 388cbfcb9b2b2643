"""How many battles can stream at once, at ten frames a second, beside the least that could relay them.

Both sides of every battle come from a fake chat completions server over HTTP, ten chunks a second each; the worker
conducts them and writes frames to Redis; the sockets' server relays them; this process follows every one. Streams are
added step by step; each step is watched for some seconds. The lag runs from the write to Redis to the receipt here.
A lost frame would show in a text that differs from the stored one, or from what the fake said.

The peer is `bare_relay`: uvicorn, one blocking read per socket, frames of the same size, as many streams as held.

    make bench-streams [STEPS=50,100,150,200,250] [SECONDS=8]
"""

import asyncio
import json
import os
import subprocess
import time
from typing import Any

import uvloop

from ops import parts
from tests.bench.fake_models import answer
from tests.bench.http_load import Connection, request_bytes
from tests.bench.loaded_arena import MODELS, LoadedArena, loaded_arena
from tests.bench.socket_load import Followed, Plateau, follow, plateau, write_streams

STEPS = [int(step) for step in os.environ.get("STEPS", "50,100,150,200,250").split(",")]
SECONDS = float(os.environ.get("SECONDS", "8"))
#: Battles started per second: a start costs the web server and the worker some milliseconds each.
STARTS_PER_S = 15
CHUNKS = int((SECONDS + 4) * len(STEPS) * 10 + STEPS[-1] / STARTS_PER_S * 10)


class Streams:
    """Battles that stream, and their followers."""

    def __init__(self, arena: LoadedArena) -> None:
        self._arena = arena
        self._headers = arena.headers()
        # As through the proxy, pages and sockets have one origin.
        self._from = self._headers | {"Origin": f"http://127.0.0.1:{arena.sockets_port}"}
        self.followed: dict[str, Followed] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def open_until(self, number: int) -> None:
        """Start battles at a steady rate, each with a socket, until there are so many."""
        port, connection = self._arena.port, await Connection.open(self._arena.port)
        start = request_bytes("POST", "/api/v1/arenas/text/battles", port, self._headers, b'{"prompt": "Go on."}')
        at = time.monotonic()
        while len(self.followed) < number:
            status, _head, body = await connection.ask(start)
            assert status == 201, body
            battle = json.loads(body)["id"]
            followed = self.followed[battle] = Followed()
            address = f"ws://127.0.0.1:{self._arena.sockets_port}/ws/v1/battles/{battle}"
            self._tasks.append(asyncio.create_task(follow(address, self._from, followed)))
            at += 1 / STARTS_PER_S
            await asyncio.sleep(max(0.0, at - time.monotonic()))
        connection.close()

    async def finish(self) -> None:
        """Wait until every stream has ended."""
        await asyncio.wait_for(asyncio.gather(*self._tasks), 120)

    def lost(self) -> int:
        """Streams whose text is not what the fake said and PostgreSQL has."""
        said = {answer(model, CHUNKS) for model in MODELS}
        stored = {
            str(battle): dict(zip(sides, texts, strict=True))
            for battle, sides, texts in self._arena.stack.query(
                "SELECT t.battle_id, array_agg(r.side), array_agg(r.content) FROM battles_response r "
                "JOIN battles_turn t ON t.id = r.turn_id WHERE r.status = 'complete' GROUP BY 1"
            )
        }
        return sum(
            stored.get(battle) != one.text() or not set(one.text().values()) <= said
            for battle, one in self.followed.items()
        )


async def measure(arena: LoadedArena) -> dict[str, Any]:
    """Step by step; then the peer with as many streams as held."""
    streams, idle_mb = Streams(arena), arena.memory_mb()
    steps: list[tuple[Plateau, dict[str, float], dict[str, float]]] = []
    for number in STEPS:
        await streams.open_until(number)
        await asyncio.sleep(2)
        meter = arena.meter(generator=os.getpid())
        steps.append((await plateau(list(streams.followed.values()), SECONDS), meter.cores(), arena.memory_mb()))
        print(steps[-1][0], steps[-1][1], flush=True)  # noqa: T201
        if not steps[-1][0].holds:
            break
    await streams.finish()
    held = [step for step in steps if step[0].holds] or steps[:1]
    best, cores, memory = held[-1]
    peer, peer_core = await bare(arena, best.streams)
    print(peer, peer_core, flush=True)  # noqa: T201
    relayed = best.streams * best.frames_per_stream_s
    return {
        "bench": "streams",
        "streams": best.streams if best.holds else 0,
        "next_step_failed": not steps[-1][0].holds,
        "lost": streams.lost(),
        "frames_per_stream_s": best.frames_per_stream_s,
        "slowest_stream_per_s": best.slowest_per_s,
        "lag_p50_ms": best.p50_ms,
        "lag_p99_ms": best.p99_ms,
        "cores": cores,
        "web_cores": round(cores["sockets"] + cores["web server"], 3),
        "kb_per_battle": {
            name: round((memory[name] - idle_mb[name]) * 1000 / best.streams, 1)
            for name in ("web server", "sockets", "streams", "valkey")
        },
        "relay_ms_per_frame": round(cores["sockets"] / relayed * 1000, 3),
        "worker_ms_per_frame": round(cores["streams"] / relayed * 1000, 3),
        "bare_lag_p50_ms": peer.p50_ms,
        "bare_lag_p99_ms": peer.p99_ms,
        "bare_relay_ms_per_frame": round(peer_core / (peer.streams * peer.frames_per_stream_s) * 1000, 3),
        "ratio_cpu_to_bare": round(
            cores["sockets"] * peer.frames_per_stream_s / peer_core / best.frames_per_stream_s, 2
        ),
        "ratio_p99_to_bare": round(best.p99_ms / peer.p99_ms, 2),
        "steps": [{"streams": one.streams, "p50_ms": one.p50_ms, "p99_ms": one.p99_ms} for one, _c, _m in steps],
    }


async def bare(arena: LoadedArena, number: int) -> tuple[Plateau, float]:
    """The peer with so many streams: how its frames came, and the cores of its relay."""
    from tests.stack import free_port

    port, url = free_port(), arena.stack.env["REDIS_URL"]
    argv = list(arena.stack.children["sockets"]._process.args)
    argv[argv.index("arena.config.asgi:application")] = "tests.bench.bare_relay:application"
    argv[argv.index("--port") + 1] = str(port)
    body = json.dumps({"type": "frame", "turn": 1, "left": "x" * 30, "right": "y" * 30}, separators=(",", ":"))
    relay = subprocess.Popen(argv, env=arena.stack.env, cwd=parts.ROOT)  # noqa: ASYNC220 - nothing else runs yet
    try:
        await _listening(port)
        keys, followed = [f"bare-{n}" for n in range(number)], [Followed() for _ in range(number)]
        tasks = [
            asyncio.create_task(follow(f"ws://127.0.0.1:{port}/ws/{key}", {}, one))
            for key, one in zip(keys, followed, strict=True)
        ]
        await asyncio.sleep(3)
        writer = asyncio.create_task(write_streams(url, keys, body, 0.1, SECONDS + 4))
        await asyncio.sleep(2)
        meter = arena.meter(bare=relay.pid)
        return await plateau(followed, SECONDS), meter.cores()["bare"]
    finally:
        for task in [*tasks, writer]:
            task.cancel()
        await asyncio.gather(*tasks, writer, return_exceptions=True)
        relay.terminate()
        relay.wait(10)


async def _listening(port: int) -> None:
    for _ in range(200):
        try:
            (await Connection.open(port)).close()
        except OSError:
            await asyncio.sleep(0.05)
        else:
            return


def main() -> None:
    """Measure, print."""
    with loaded_arena(FAKE_CHUNKS=str(CHUNKS)) as arena:
        figures = uvloop.run(measure(arena))
    print(json.dumps(figures))  # noqa: T201


if __name__ == "__main__":
    main()
