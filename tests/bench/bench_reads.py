"""Reads of the leaderboard against a bare view on the same server, and the time from submit to the first frame.

The board has twenty rows from three hundred simulated battles. Each address is asked over eight connections, in turns
with a view that answers as many bytes from memory, without middleware and database (`bare_site`); medians of the
rounds. Battles are then started at a fixed rate, with a backend that takes 100 ms until its first token; the clock
runs from the submit to the first frame with text on the WebSocket.

    make bench-reads [EACH_S=3] [ROUNDS=3] [STARTS=40]
"""

import asyncio
import json
import os
import time
from itertools import repeat
from statistics import median
from typing import Any

import uvloop
from websockets.asyncio.client import connect

from tests.bench.figures import percentile
from tests.bench.http_load import Answers, Connection, closed_loop, request_bytes
from tests.bench.loaded_arena import LoadedArena, loaded_arena, peer

SECONDS = float(os.environ.get("EACH_S", "3"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
STARTS = int(os.environ.get("STARTS", "40"))
STARTS_PER_S = 5
SYSTEMS = 20
CONNECTIONS = 8
_API = "/api/v1/arenas/text/leaderboard"
_PAGE = "/arenas/text/leaderboard"


async def conditional(arena: LoadedArena, path: str) -> tuple[bytes, bytes, int]:
    """A request for the whole answer, one that has it already, and how many bytes the answer has."""
    connection, headers = await Connection.open(arena.port), {"Cookie": arena.headers()["Cookie"]}
    whole = request_bytes("GET", path, arena.port, headers)
    status, head, body = await connection.ask(whole)
    assert status == 200, (path, head)
    etag = next(line for line in head.decode().split("\r\n") if line.lower().startswith("etag:"))[5:].strip()
    known = request_bytes("GET", path, arena.port, headers | {"If-None-Match": etag})
    assert (await connection.ask(known))[0] == 304, path
    connection.close()
    return whole, known, len(body)


async def reads(arena: LoadedArena) -> dict[str, Any]:
    """Every address in turns with its peer."""
    api, api_known, api_bytes = await conditional(arena, _API)
    page, page_known, page_bytes = await conditional(arena, _PAGE)
    with peer(arena, "tests.bench.bare_site:application") as (bare_port, bare_pid):
        bare_api, bare_page = (request_bytes("GET", f"/read/{size}", bare_port) for size in (api_bytes, page_bytes))
        asked = {
            "bare_api": (bare_port, bare_api),
            "api": (arena.port, api),
            "api_304": (arena.port, api_known),
            "bare_page": (bare_port, bare_page),
            "page": (arena.port, page),
            "page_304": (arena.port, page_known),
        }
        rounds: dict[str, list[tuple[Answers, float]]] = {name: [] for name in asked}
        for _round in range(ROUNDS):
            for name, (port, request) in asked.items():
                meter = arena.meter(bare=bare_pid)
                answers = await closed_loop(port, repeat(request), CONNECTIONS, SECONDS)
                used_s = meter.used_s()["bare" if port == bare_port else "web server"]
                rounds[name].append((answers, used_s * 1000 / len(answers.latencies_s)))
    per_s = {name: median(answers.per_s for answers, _cpu in runs) for name, runs in rounds.items()}
    return {
        "bytes": {"api": api_bytes, "page": page_bytes},
        "per_s": {name: round(rate) for name, rate in per_s.items()},
        "cpu_ms": {name: round(median(cpu for _answers, cpu in runs), 2) for name, runs in rounds.items()},
        "p99_ms": {name: median(answers.figures()["p99_ms"] for answers, _ in runs) for name, runs in rounds.items()},
        "ratio_api": round(per_s["api"] / per_s["bare_api"], 2),
        "ratio_api_304": round(per_s["api_304"] / per_s["bare_api"], 2),
        "ratio_page": round(per_s["page"] / per_s["bare_page"], 2),
        "ratio_page_304": round(per_s["page_304"] / per_s["bare_page"], 2),
    }


async def first_frame_s(arena: LoadedArena, at: float) -> float:
    """Seconds from a submit at the moment `at` to the first frame with text."""
    await asyncio.sleep(max(0.0, at - time.monotonic()))
    started, headers = time.perf_counter(), arena.headers()
    connection = await Connection.open(arena.port)
    start = request_bytes("POST", "/api/v1/arenas/text/battles", arena.port, headers, b'{"prompt": "Go on."}')
    _status, _head, body = await connection.ask(start)
    connection.close()
    address = f"ws://127.0.0.1:{arena.sockets_port}/ws/v1/battles/{json.loads(body)['id']}"
    origin: Any = f"http://127.0.0.1:{arena.sockets_port}"
    async with connect(
        address, origin=origin, additional_headers={"Cookie": headers["Cookie"]}, compression=None
    ) as ws:
        async for message in ws:
            said = json.loads(message)
            if said["type"] != "state" and said["left"] and said["right"]:
                return time.perf_counter() - started
    raise RuntimeError("the battle ended without a frame")


async def measure(arena: LoadedArena) -> dict[str, Any]:
    """Reads, then starts."""
    figures = {"bench": "reads", **await reads(arena)}
    begin = time.monotonic() + 0.5
    first = await asyncio.gather(*(first_frame_s(arena, begin + n / STARTS_PER_S) for n in range(STARTS)))
    figures |= {f"first_frame_p{percent}_ms": round(percentile(first, percent) * 1000) for percent in (50, 99)}
    return figures


def main() -> None:
    """Measure, print."""
    with loaded_arena(SYSTEMS, FAKE_CHUNKS="30", FAKE_FIRST_S="0.1") as arena:
        arena.stack.query("UPDATE arenas_arena SET is_demo = true")
        arena.stack.manage("simulate_votes", "--arena", "text", "--battles", "300", "--seed", "1")
        figures = uvloop.run(measure(arena))
    print(json.dumps(figures))  # noqa: T201


if __name__ == "__main__":
    main()
