"""Sockets that follow streams and note when each frame came."""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import redis.asyncio
from websockets.asyncio.client import connect

from tests.bench.figures import percentile

#: How long a frame may be under way and still be seen.
GRACE_S = 1.5


@dataclass
class Followed:
    """What one socket was sent: every message, the moment it came (seconds of the epoch), and how it ended."""

    messages: list[str] = field(default_factory=list)
    came_at: list[float] = field(default_factory=list)
    done: bool = False

    def lags_s(self, since: float, until: float) -> list[float]:
        """From the write to Redis, whose clock is in the event id, to the receipt; of frames written in between.

        The id counts whole milliseconds, rounded down, so half of one is taken off.
        """
        lags = []
        for message, came in zip(self.messages, self.came_at, strict=True):
            written = int(message[7 : message.index("-")]) / 1000 + 0.0005 if '"type":"frame"' in message else 0.0
            if since <= written < until:
                lags.append(max(0.0, came - written))
        return lags

    def text(self) -> dict[str, str]:
        """Both sides' text of the first turn, put together as a page does."""
        shown = {"left": "", "right": ""}
        for message in self.messages:
            body = json.loads(message)
            if body["type"] != "state":
                shown = {side: (shown[side] if body["type"] == "frame" else "") + body[side] for side in shown}
        return shown


async def follow(address: str, headers: dict[str, str], followed: Followed) -> None:
    """Keep everything until the battle is no longer being written or the server closes."""
    origin = headers.get("Origin")
    more = {"Cookie": headers["Cookie"]} if "Cookie" in headers else {}
    async with connect(
        address, origin=origin, additional_headers=more, compression=None, ping_interval=None, open_timeout=60
    ) as socket:  # type: ignore[arg-type]
        async for message in socket:
            followed.came_at.append(time.time())
            followed.messages.append(str(message))
            if '"type":"state"' in message and '"generating"' not in message and '"queued"' not in message:
                followed.done = True
                return


@dataclass(frozen=True)
class Plateau:
    """How frames came while a number of streams was open."""

    streams: int
    frames_per_stream_s: float
    slowest_per_s: float
    p50_ms: float
    p99_ms: float

    @property
    def holds(self) -> bool:
        """At its pace, and on time."""
        return self.p99_ms <= 250 and self.frames_per_stream_s >= 9.5


async def plateau(followed: Sequence[Followed], seconds: float) -> Plateau:
    """Watch open streams for so long; what comes late is waited for, and counts as late."""
    since = time.time()
    await asyncio.sleep(seconds + GRACE_S)
    lags = [one.lags_s(since, since + seconds) for one in followed]
    every = [lag for of_one in lags for lag in of_one]
    rates = sorted(len(of_one) / seconds for of_one in lags)
    return Plateau(
        streams=len(followed),
        frames_per_stream_s=round(len(every) / seconds / len(followed), 2),
        slowest_per_s=round(percentile(rates, 1), 2),
        p50_ms=round(percentile(every, 50) * 1000, 1),
        p99_ms=round(percentile(every, 99) * 1000, 1),
    )


async def write_streams(url: str, keys: list[str], body: str, frame_s: float, seconds: float) -> None:
    """Append `body` to every stream each `frame_s`, in ten groups, one pipeline each."""
    connection = redis.asyncio.Redis.from_url(url)
    groups, at = [keys[n::10] for n in range(10)], time.monotonic()
    for turn in range(int(seconds / frame_s * 10)):
        at += frame_s / 10
        await asyncio.sleep(max(0.0, at - time.monotonic()))
        pipe = connection.pipeline(transaction=False)
        for key in groups[turn % 10]:
            pipe.xadd(key, {"e": body})
        await pipe.execute()
    await connection.delete(*keys)
    await connection.aclose()
