"""How many battles can stream at once, at ten frames a second, beside the least that could relay them.

Both sides of every battle come from a fake chat completions server over HTTP, ten chunks a second each; the worker
conducts them and writes frames to Redis; the sockets' server relays them; this process follows every one. Streams are
added step by step; each step is watched for some seconds, by the receipt of frames here, on the monotonic clock. The
lag runs from the write to Redis to the receipt; a step in which the clock of the day was set proves nothing.
A lost frame would show in a text that differs from the stored one, or from what the fake said.

The peer is `bare_relay`: uvicorn, one blocking read per socket, frames of the same size, as many streams as held.

    make bench-streams [STEPS=50,100,150,200,250] [EACH_S=8]
"""

import asyncio
import json
import os
from dataclasses import asdict
from typing import Any

import uvloop

from tests.bench.battle_streams import STARTS_PER_S, Streams
from tests.bench.loaded_arena import LoadedArena, loaded_arena, peer
from tests.bench.socket_load import Followed, Plateau, follow, plateau, write_streams

STEPS = [int(step) for step in os.environ.get("STEPS", "50,100,150,200,250").split(",")]
SECONDS = float(os.environ.get("EACH_S", "8"))
#: A step that does not hold is watched again: one pause of the machine is no limit of the arena.
ATTEMPTS = 2
#: Answers outlast the last step by far; a signal ends them. A generation may take 180 s.
CHUNKS = int(min(175, 2 * ((SECONDS + 6) * len(STEPS) + STEPS[-1] / STARTS_PER_S)) * 10)


async def measure(arena: LoadedArena) -> dict[str, Any]:
    """Step by step; then the peer with as many streams as held."""
    streams, idle_mb = Streams(arena, CHUNKS), arena.memory_mb()
    steps: list[tuple[Plateau, dict[str, float], dict[str, float]]] = []
    beside: list[dict[str, Any]] = []
    for number in STEPS:
        await streams.open_until(number)
        await asyncio.sleep(2)
        for _attempt in range(ATTEMPTS):
            await streams.late_ms()
            meter = arena.meter(generator=os.getpid())
            steps.append((await plateau(list(streams.followed.values()), SECONDS), meter.cores(), arena.memory_mb()))
            beside.append({"backend_late_ms": await streams.late_ms(), "waited": meter.waited()})
            print(steps[-1][0], steps[-1][1], beside[-1], flush=True)  # noqa: T201
            if steps[-1][0].holds:
                break
        if not steps[-1][0].holds:
            break
    await streams.finish()
    held = [step for step in steps if step[0].holds] or steps[:1]
    best, cores, memory = held[-1]
    least, least_core = await bare(arena, best.streams)
    print(least, least_core, flush=True)  # noqa: T201
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
        "bare_lag_p50_ms": least.p50_ms,
        "bare_lag_p99_ms": least.p99_ms,
        "bare_relay_ms_per_frame": round(least_core / (least.streams * least.frames_per_stream_s) * 1000, 3),
        "ratio_cpu_to_bare": round(
            cores["sockets"] * least.frames_per_stream_s / least_core / best.frames_per_stream_s, 2
        ),
        "ratio_p99_to_bare": round(best.p99_ms / least.p99_ms, 2),
        "steps": [
            {**asdict(one), "cores": of_parts, **more}
            for (one, of_parts, _memory), more in zip(steps, beside, strict=True)
        ],
    }


async def bare(arena: LoadedArena, number: int) -> tuple[Plateau, float]:
    """The peer with so many streams: how its frames came, and the cores of its relay."""
    body = json.dumps({"type": "frame", "turn": 1, "left": "x" * 30, "right": "y" * 30}, separators=(",", ":"))
    keys, followed = [f"bare-{n}" for n in range(number)], [Followed() for _ in range(number)]
    with peer(arena, "tests.bench.bare_relay:application") as (port, pid):
        tasks = [
            asyncio.create_task(follow(f"ws://127.0.0.1:{port}/ws/{key}", {}, one))
            for key, one in zip(keys, followed, strict=True)
        ]
        await asyncio.sleep(3)
        url = arena.stack.env["REDIS_URL"]
        tasks.append(asyncio.create_task(write_streams(url, keys, body, 0.1, SECONDS + 4)))
        await asyncio.sleep(2)
        meter = arena.meter(bare=pid)
        seen = await plateau(followed, SECONDS)
        cores = meter.cores()["bare"]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return seen, cores


def main() -> None:
    """Measure, print."""
    with loaded_arena(FAKE_CHUNKS=str(CHUNKS)) as arena:
        figures = uvloop.run(measure(arena))
    print(json.dumps(figures))  # noqa: T201


if __name__ == "__main__":
    main()
