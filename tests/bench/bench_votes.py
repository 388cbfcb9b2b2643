"""Votes per second alone and beside a hundred streams, against the least that Django can do: one insert, no checks.

A vote is a `POST /api/v1/battles/{id}/vote` of a browser with consent: cookie, CSRF, admission, the transaction of the
vote, and the revealed battle as the answer. The peer is `bare_site` on the same server program and database, without
middleware. PostgreSQL is durable. `parts_ms` is the CPU of each part, in a process of its own.

    make bench-votes [EACH_S=8] [STREAMS=100] [RATE=150]
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import repeat
from typing import Any

import uvloop

from ops import parts
from tests.bench.battle_streams import STARTS_PER_S, Streams
from tests.bench.http_load import Answers, closed_loop, open_loop, request_bytes
from tests.bench.loaded_arena import LoadedArena, loaded_arena, peer
from tests.bench.ready_battles import ready_battles
from tests.bench.socket_load import Plateau, plateau

SECONDS = float(os.environ.get("EACH_S", "8"))
STREAMS = int(os.environ.get("STREAMS", "100"))
RATE = float(os.environ.get("RATE", "150"))
#: Battles whose votes are cast in the process that tells the parts apart.
PARTS = 220
CONNECTIONS = 8
#: The peer's.
_TABLE = "CREATE TABLE bench_row (id bigserial PRIMARY KEY, outcome text, said jsonb, made timestamptz DEFAULT now())"
_VOTE = json.dumps(
    {"outcome": "left", "reasons": {"left": ["bad_format"], "right": []}, "feedback": {"left": "", "right": ""}}
).encode()


def votes(arena: LoadedArena, battles: list[Any]) -> Iterator[bytes]:
    """A vote on each of the battles, ready to be sent."""
    headers = arena.headers()
    for battle in battles:
        yield request_bytes("POST", f"/api/v1/battles/{battle}/vote", arena.port, headers, _VOTE)


async def bare(arena: LoadedArena) -> tuple[Answers, float]:
    """The peer: its answers, and CPU milliseconds of the server for each."""
    arena.stack.query(_TABLE)
    with peer(arena, "tests.bench.bare_site:application") as (port, pid):
        request = request_bytes("POST", "/insert", port, body=_VOTE)
        await closed_loop(port, repeat(request, 200), CONNECTIONS, SECONDS)
        meter = arena.meter(bare=pid)
        answers = await closed_loop(port, repeat(request), CONNECTIONS, SECONDS)
        return answers, per_answer_ms(meter.used_s()["bare"], answers)


def per_answer_ms(used_s: float, answers: Answers) -> float:
    """CPU milliseconds for each answer."""
    return round(used_s * 1000 / len(answers.latencies_s), 2)


def parts_ms(arena: LoadedArena, battles: list[Any]) -> dict[str, float]:
    """CPU of each part of a vote."""
    command = [sys.executable, "-m", "tests.bench.vote_parts", arena.headers()["Cookie"], *map(str, battles)]
    env = arena.stack.env | {"ARENA_LIMITS_OFF": "0", "ARENA_LIMITS": "vote.voter=0,vote.network=1000000/3600"}
    done = subprocess.run(command, env=env, cwd=parts.ROOT, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


async def measure(arena: LoadedArena) -> dict[str, Any]:
    """The peer, votes alone, votes beside streams."""
    like = arena.visitor.start("Why is the sky blue?")["id"]
    await asyncio.sleep(2)
    number = int(SECONDS * 1200) + PARTS
    battles = ready_battles(arena.stack, like, number)
    parted = parts_ms(arena, battles[:PARTS])
    pending = votes(arena, battles[PARTS:])
    least, least_ms = await bare(arena)
    await closed_loop(arena.port, (next(pending) for _ in range(100)), CONNECTIONS, SECONDS)
    meter = arena.meter()
    alone = await closed_loop(arena.port, pending, CONNECTIONS, SECONDS)
    alone_s = meter.used_s()
    streams = Streams(arena, int(os.environ["FAKE_CHUNKS"]))
    await streams.open_until(STREAMS)
    await asyncio.sleep(2)
    meter.restart()
    lags: Plateau
    beside, lags = await asyncio.gather(
        open_loop(arena.port, pending, RATE, SECONDS, 64), plateau(list(streams.followed.values()), SECONDS)
    )
    beside_cores = meter.cores()
    most = await closed_loop(arena.port, pending, CONNECTIONS, SECONDS)
    await streams.finish()
    return {
        "bench": "votes",
        "alone": alone.figures(),
        "bare": least.figures(),
        "ratio_to_bare": round(alone.per_s / least.per_s, 2),
        "web_ms_per_vote": per_answer_ms(alone_s["web server"], alone),
        "postgresql_ms_per_vote": per_answer_ms(alone_s["postgresql"], alone),
        "bare_ms_per_insert": least_ms,
        "parts_ms": parted,
        "streams": STREAMS,
        "beside_at": RATE,
        "beside": beside.figures(),
        "beside_most": most.figures(),
        "beside_cores": beside_cores,
        "lag_p99_ms_meanwhile": lags.p99_ms,
        "frames_per_stream_s_meanwhile": lags.frames_per_stream_s,
        "lost_frames": streams.lost(),
        "not_201": sum(n for one in (alone, beside, most) for status, n in one.statuses.items() if status != 201),
    }


def main() -> None:
    """Measure, print."""
    os.environ["FAKE_CHUNKS"] = str(int(min(175, 6 * SECONDS + 2 * STREAMS / STARTS_PER_S + 20) * 10))
    with loaded_arena() as arena:
        figures = uvloop.run(measure(arena))
    print(json.dumps(figures))  # noqa: T201


if __name__ == "__main__":
    main()
