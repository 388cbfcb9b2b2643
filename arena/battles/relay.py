"""Brings the text of a `local` system from the process that computes it to the one that streams it.

The conductor rings for a worker of the `cpu` queue and reads a private Redis Stream. Entries carry the offset at which
their text belongs and the run that wrote them, so that a flushed Redis, a killed process or a task delivered twice
ends in the same text or in a fresh start, never in a mixture.
"""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from typing import Any, Final, Literal

import redis
import redis.asyncio

from arena.common import queue
from arena.systems.backends import base
from arena.systems.backends.base import BackendError, ConnectFailed, Event, Finished, TimedOut

FRAME_S: Final = 0.1
#: A finished producer waits this long for its reader, in case Redis loses the end of the stream.
LINGER_S: Final = 3.0
KEEP_S: Final = 600


def _key(response_id: int) -> str:
    return f"local:{response_id}"


def _done_key(response_id: int) -> str:
    return f"local-done:{response_id}"


class Producer:
    """The computing side: synchronous, one per run."""

    def __init__(self, connection: "redis.Redis", response_id: int) -> None:
        self._redis = connection
        self._key, self._done = _key(response_id), _done_key(response_id)
        self._run = secrets.token_hex(4)
        self._written = self._pending = self._reasoning = ""
        self._end: dict[str, Any] = {}
        self._whole = False
        self._flushed_at = 0.0

    def run(self, events: Iterable[Event]) -> None:
        """Relay all events; stops early when the reader has gone."""
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

    async def stream(self, request: base.GenerationRequest) -> AsyncIterator[Event]:
        """Yield the events of the worker; see `Backend.stream`."""
        try:
            if not await asyncio.to_thread(queue.ring, queue.GENERATE_LOCAL, self._response_id):
                raise ConnectFailed("no broker for the local worker")
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
            entries: Any = await self._redis.xrange(
                _key(self._response_id), min=f"({cursor}" if cursor != "0" else "-"
            )
            for entry_id, fields in entries:
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
