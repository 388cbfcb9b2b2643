"""Brings the text of a `local` system from the process that computes it to the one that streams it.

The conductor rings for a worker of the `cpu` queue and reads a private Redis Stream. Entries carry the offset at which
their text belongs and the run that wrote them, so that a flushed Redis, a killed process or a task delivered twice
ends in the same text or in a fresh start, never in a mixture. A process that computes says so every two seconds; where
none does and no bell waits in the queue, the conductor rings again.
"""

import asyncio
import json
import math
import secrets
import threading
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from typing import Any, Final, Literal

import redis
import redis.asyncio

from arena.common import queue
from arena.systems.backends import base
from arena.systems.backends.base import BackendError, Event, Finished, TimedOut

FRAME_S: Final = 0.1
#: A finished producer waits this long for its reader, in case Redis loses the end of the stream.
LINGER_S: Final = 3.0
KEEP_S: Final = 600
#: How often a computing process shows that it lives, and for how long that counts.
ALIVE_EVERY_S: Final = 2.0
ALIVE_S: Final = 6
#: A bell that rang so long ago, is in no queue and is computed by nobody was lost.
RING_AGAIN_S: Final = 5.0
#: How often to look for that, and to try again where the broker does not answer.
RETRY_S: Final = 1.0
#: A process that computes for so much longer than its system may is stuck, and is killed.
STUCK_AFTER_S: Final = 10


def _key(response_id: int) -> str:
    return f"local:{response_id}"


def _done_key(response_id: int) -> str:
    return f"local-done:{response_id}"


def _alive_key(response_id: int) -> str:
    return f"local-alive:{response_id}"


class Producer:
    """The computing side: synchronous, one per run."""

    def __init__(self, connection: "redis.Redis", response_id: int) -> None:
        self._redis = connection
        self._key, self._done, self._alive = _key(response_id), _done_key(response_id), _alive_key(response_id)
        self._run = secrets.token_hex(4)
        self._written = self._pending = self._reasoning = ""
        self._end: dict[str, Any] = {}
        self._whole = False
        self._flushed_at = 0.0

    def run(self, events: Iterable[Event]) -> None:
        """Relay all events; stops early when the reader has gone."""
        ended = threading.Event()
        threading.Thread(target=self._show_life, args=(ended,), name="arena-alive", daemon=True).start()
        try:
            self._relay(events)
        finally:
            ended.set()

    def _show_life(self, ended: threading.Event) -> None:
        while True:
            with suppress(redis.RedisError):
                self._redis.set(self._alive, 1, ex=ALIVE_S)
            if ended.wait(ALIVE_EVERY_S):
                return

    def _relay(self, events: Iterable[Event]) -> None:
        for event in events:
            match event:
                case base.TextDelta(text):
                    self._pending += text
                case base.ReasoningDelta(text):
                    self._reasoning += text
                case base.Finished():
                    self._end = {"reason": event.reason, "in": event.input_tokens, "out": event.output_tokens}
                case base.Restarted():
                    self._written = self._pending = self._reasoning = ""
                    self._whole = False
            if time.monotonic() - self._flushed_at >= FRAME_S and not self._write():
                return
        self._finish()

    def fail(self, error_class: str) -> None:
        """Tell the reader that this run ended badly."""
        self._end = {"error": error_class}
        self._finish()

    def _finish(self) -> None:
        deadline = time.monotonic() + LINGER_S
        while self._write() and time.monotonic() < deadline:
            time.sleep(FRAME_S / 2)

    def _write(self) -> bool:
        """Write what is new; False when the reader is done with us."""
        self._flushed_at = time.monotonic()
        entry = {"run": self._run, "at": len(self._written), "text": self._pending, "reasoning": self._reasoning}
        self._written += self._pending
        self._pending = ""
        try:
            return self._send(entry | self._end)
        except redis.RedisError:
            self._whole = False
            return True

    def _send(self, entry: dict[str, Any]) -> bool:
        pipe = self._redis.pipeline(transaction=False)
        pipe.exists(self._done)
        if self._whole and (entry["text"] or self._end):
            pipe.xadd(self._key, {"e": json.dumps(entry)}, nomkstream=True)
        else:
            pipe.exists(self._key)
        done, alive = pipe.execute()
        if not alive or not self._whole:
            self._rewrite()
        return not done

    def _rewrite(self) -> None:
        whole = {"run": self._run, "at": 0, "text": self._written, "reasoning": self._reasoning} | self._end
        pipe = self._redis.pipeline(transaction=False)
        pipe.xadd(self._key, {"e": json.dumps(whole)})
        pipe.expire(self._key, KEEP_S)
        pipe.execute()
        self._whole = True


class RelayedBackend:
    """The streaming side: reads what a `cpu` worker writes for one response."""

    def __init__(self, connection: "redis.asyncio.Redis", response_id: int) -> None:
        self._redis = connection
        self._response_id = response_id
        self._text = ""
        self._reasoning = ""
        self._run = ""
        self._has_rung = False
        self._look_at = 0.0

    async def stream(self, request: base.GenerationRequest) -> AsyncIterator[Event]:
        """Yield the events of the worker; see `Backend.stream`."""
        try:
            async for entry in self._entries(request.limits):
                for event in self._events(entry):
                    yield event
                    if isinstance(event, Finished):
                        return
        finally:
            with suppress(redis.RedisError):
                await self._redis.set(_done_key(self._response_id), 1, ex=KEEP_S)

    async def _entries(self, limits: base.Limits) -> AsyncIterator[dict[str, Any]]:
        started = heard = time.monotonic()
        cursor = "0"
        while True:
            await self._ring_where_nobody_computes(math.ceil(limits.total_s) + STUCK_AFTER_S)
            for entry_id, fields in await self._read_after(cursor):
                cursor, heard = entry_id.decode(), time.monotonic()
                yield json.loads(fields[b"e"])
            now = time.monotonic()
            phase: Literal["first_byte", "idle"] = "idle" if self._text else "first_byte"
            if now - started > limits.total_s:
                raise TimedOut("total")
            if now - heard > (limits.idle_s if self._text else limits.first_byte_s):
                raise TimedOut(phase)
            await asyncio.sleep(FRAME_S)

    async def _read_after(self, cursor: str) -> Any:
        try:
            return await self._redis.xrange(_key(self._response_id), min=f"({cursor}" if cursor != "0" else "-")
        except redis.RedisError:
            # A Redis that is away shows as silence; the limits decide how long that may last.
            return ()

    async def _ring_where_nobody_computes(self, limit_s: int) -> None:
        """Ring once, and again where the bell was lost: Redis was emptied, or the process was killed."""
        now = time.monotonic()
        if now < self._look_at or (self._has_rung and not await self._is_forgotten()):
            return
        rang = await asyncio.to_thread(queue.ring, queue.GENERATE_LOCAL, self._response_id, limit_s=limit_s)
        self._has_rung |= rang
        self._look_at = now + (RING_AGAIN_S if rang else RETRY_S)

    async def _is_forgotten(self) -> bool:
        self._look_at = time.monotonic() + RETRY_S
        try:
            pipe = self._redis.pipeline(transaction=False)
            pipe.exists(_alive_key(self._response_id))
            pipe.llen(queue.DOORBELLS[queue.GENERATE_LOCAL].queue)
            return not any(await pipe.execute())
        except redis.RedisError:
            return False

    def _events(self, entry: dict[str, Any]) -> list[Event]:
        events: list[Event] = []
        if entry["at"] == 0 and entry["run"] != self._run:
            if self._text:
                events.append(base.Restarted())
            self._run, self._text, self._reasoning = entry["run"], "", ""
        known = len(self._text) - entry["at"]
        if entry["run"] != self._run or known < 0:
            return events
        if new := entry["text"][known:]:
            self._text += new
            events.append(base.TextDelta(new))
        if new := entry["reasoning"][len(self._reasoning) :]:
            self._reasoning += new
            events.append(base.ReasoningDelta(new))
        if error := entry.get("error"):
            raise _error_named(error)
        if "reason" in entry:
            events.append(Finished(entry["reason"], entry["in"], entry["out"]))
        return events


def _error_named(name: str) -> BackendError:
    found = getattr(base, name, None)
    if isinstance(found, type) and issubclass(found, BackendError) and found not in (TimedOut, base.RateLimited):
        return found(name)
    return base.ServerFailed(name)
