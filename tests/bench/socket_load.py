"""Sockets that follow streams and note when each frame came."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import redis.asyncio
from websockets.asyncio.client import connect

from tests.bench.figures import percentile

#: The clock that the lags are taken from may turn by so much in a step; more, and they say nothing.
STEADY_MS = 20.0


def clock_offset_s() -> float:
    """What tells the clock of the day from the one that only runs on; a change means that somebody set the first.

    Where this process lost the processor between looking at one and at the other, it looks again.
    """
    for _attempt in range(20):
        before, day_s, after = time.monotonic(), time.time(), time.monotonic()
        if after - before < 0.001:
            break
    return day_s - (before + after) / 2


@dataclass
class Followed:
    """What one socket was sent: every message, the moment it came (monotonic), and how it ended."""

    messages: list[str] = field(default_factory=list)
    came_at: list[float] = field(default_factory=list)
    done: bool = False

    def frames(self, since: float, until: float, offset_s: float) -> Iterator[tuple[float, float]]:
        """Of every frame that came in between (monotonic): when it came, and its lag in seconds.

        The lag is that to the write to Redis, whose clock of the day is in the event id; `offset_s` is what tells
        that clock from the monotonic one. The id counts whole milliseconds, rounded down, so half of one is taken off.
        """
        for message, came in zip(self.messages, self.came_at, strict=True):
            if since <= came < until and '"type":"frame"' in message:
                written = int(message[7 : message.index("-")]) / 1000 + 0.0005 - offset_s
                yield came, max(0.0, came - written)

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
            followed.came_at.append(time.monotonic())
            followed.messages.append(str(message))
            if '"type":"state"' in message and '"generating"' not in message and '"queued"' not in message:
                followed.done = True
                return


@dataclass(frozen=True)
class Plateau:
    """How frames came while a number of streams was open. `per_second`: frames of all streams, second by second;
    `ended`: streams that did not last as long as this.

    `clock_step_ms` is by how much the clock of the day was set meanwhile, `generator_stall_ms` the longest time that
    this process did not get to its work: what either explains is not the arena's doing.
    """

    streams: int
    frames_per_stream_s: float
    slowest_per_s: float
    p50_ms: float
    p99_ms: float
    per_second: tuple[int, ...]
    ended: int
    clock_step_ms: float
    generator_stall_ms: float

    @property
    def holds(self) -> bool:
        """At its pace, and on time."""
        return self.frames_per_stream_s >= 9.5 and self.p99_ms <= 250 and self.clock_step_ms <= STEADY_MS


@dataclass
class Watch:
    """What this process sees of the machine while it measures."""

    clock_step_s: float = 0.0
    stall_s: float = 0.0

    async def run(self, seconds: float, every_s: float = 0.02) -> None:
        """Look so often, for so long."""
        offset_s, until = clock_offset_s(), time.monotonic() + seconds
        while (due := time.monotonic() + every_s) < until + every_s:
            await asyncio.sleep(every_s)
            self.stall_s = max(self.stall_s, time.monotonic() - due)
            self.clock_step_s = max(self.clock_step_s, abs(clock_offset_s() - offset_s))


async def plateau(followed: Sequence[Followed], seconds: float) -> Plateau:
    """Watch open streams for so long, by the receipt of their frames."""
    since, offset_s, watch = time.monotonic(), clock_offset_s(), Watch()
    await watch.run(seconds)
    frames = [list(one.frames(since, since + seconds, offset_s)) for one in followed]
    lags = [lag for of_one in frames for _came, lag in of_one]
    rates = sorted(len(of_one) / seconds for of_one in frames)
    seconds_of = Counter(int(came - since) for of_one in frames for came, _lag in of_one)
    return Plateau(
        streams=len(followed),
        frames_per_stream_s=round(len(lags) / seconds / len(followed), 2),
        slowest_per_s=round(percentile(rates, 1), 2),
        p50_ms=round(percentile(lags, 50) * 1000, 1),
        p99_ms=round(percentile(lags, 99) * 1000, 1),
        per_second=tuple(seconds_of[n] for n in range(int(seconds))),
        ended=sum(one.done for one in followed),
        clock_step_ms=round(watch.clock_step_s * 1000, 1),
        generator_stall_ms=round(watch.stall_s * 1000, 1),
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
