"""The live stream of a battle: one Redis Stream, written by the worker, read by the sockets.

Redis may lose all of it at any time. Frames carry only what is new, so a writer that finds its stream gone
(`XADD … NOMKSTREAM` answers nil) writes a snapshot of everything shown so far; a reader that finds nothing falls
back to PostgreSQL. Event ids are those of Redis: they count, they say nothing about a system.
"""

import asyncio
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import redis
import redis.asyncio
from django.conf import settings

from arena.common import connections
from arena.common.pipelines import Command, Pipelines

logger = logging.getLogger(__name__)

#: A stream outlives its last event by this long; later readers take the text from PostgreSQL.
KEEP_S: Final = 900
SETTLE_S: Final = 3.0
SETTLE_PAUSE_S: Final = 0.1
#: The kind of frames that say how far a battle is, and nothing of its content.
PROGRESS: Final = "progress"
_FIELD: Final = "e"


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a stream. `body` is a JSON object without the id."""

    id: str
    body: str

    def as_message(self) -> str:
        """The JSON text that a socket sends."""
        return f'{{"id":"{self.id}",{self.body[1:]}'


def stream_key(battle_id: object) -> str:
    """The Redis key of a battle's stream."""
    return f"live:{battle_id}"


def _stop_key(battle_id: object, turn: int) -> str:
    return f"stop:{battle_id}:{turn}"


@cache
def client() -> "redis.Redis":
    """The process's connection pool for short calls from synchronous code."""
    pool = redis.BlockingConnectionPool.from_url(settings.REDIS_URL, **_pooled("calls", 2.0))
    return redis.Redis.from_pool(pool)


def async_client() -> "redis.asyncio.Redis":
    """A new asynchronous client; it belongs to the event loop that uses it first."""
    pool = redis.asyncio.BlockingConnectionPool.from_url(settings.REDIS_URL, **_pooled("streams", 5.0))
    return redis.asyncio.Redis.from_pool(pool)


def _pooled(pool: connections.Pool, timeout_s: float) -> dict[str, Any]:
    """A bounded pool: who finds all of it in use waits for as long as for an answer, then meets a RedisError."""
    return {
        "client_name": connections.name_of(pool),
        "max_connections": settings.ARENA_REDIS_POOL_SIZE,
        "timeout": timeout_s,
        "socket_timeout": timeout_s,
        "socket_connect_timeout": 1.0,
    }


def _encode(kind: str, fields: Mapping[str, Any]) -> str:
    return json.dumps({"type": kind, **fields}, ensure_ascii=False, separators=(",", ":"))


def _decode(entries: Iterable[tuple[bytes, dict[bytes, bytes]]]) -> list[Event]:
    return [Event(entry_id.decode(), fields[_FIELD.encode()].decode()) for entry_id, fields in entries]


def publish_state(battle_id: object, state: str, reason: str) -> None:
    """Tell open sockets of a new state. Losing it is harmless: sockets also look into PostgreSQL now and then."""
    key = stream_key(battle_id)
    try:
        with client().pipeline(transaction=False) as pipe:
            pipe.xadd(key, {_FIELD: _encode("state", {"state": state, "reason": reason or None})}, nomkstream=True)
            pipe.expire(key, KEEP_S)
            pipe.execute()
    except redis.RedisError as error:
        logger.warning("state of a battle not published: %s", type(error).__name__)


def publish_progress(battle_id: object, phase: str, expected_s: float | None) -> None:
    """Tell open sockets how far a battle without text is. Losing it is harmless."""
    key = stream_key(battle_id)
    try:
        with client().pipeline(transaction=False) as pipe:
            pipe.xadd(key, {_FIELD: _encode(PROGRESS, {"phase": phase, "expected_s": expected_s})})
            pipe.expire(key, KEEP_S)
            pipe.execute()
    except redis.RedisError as error:
        logger.warning("progress of a battle not published: %s", type(error).__name__)


def forget(battle_id: object) -> None:
    """Delete a battle's stream before its time: its texts are erased."""
    try:
        client().delete(stream_key(battle_id))
    except redis.RedisError as error:
        logger.warning("stream of a battle not deleted: %s", type(error).__name__)


def request_stop(battle_id: object, turn: int) -> None:
    """Ask the worker to stop writing; the worker also finds the wish in PostgreSQL when it renews its lease."""
    try:
        client().set(_stop_key(battle_id, turn), 1, ex=KEEP_S)
    except redis.RedisError as error:
        logger.warning("stop of a battle not published: %s", type(error).__name__)


class TurnWriter:
    """Writes one turn's frames. Holds what was shown, so that the stream can be rebuilt from nothing."""

    def __init__(self, pipelines: Pipelines, battle_id: object, turn: int) -> None:
        self._pipelines = pipelines
        self._key = stream_key(battle_id)
        self._stop_key = _stop_key(battle_id, turn)
        self._turn = turn
        self._shown = {"left": "", "right": ""}
        self._stream_is_whole = False

    @property
    def shown(self) -> dict[str, str]:
        """The text shown so far, by side."""
        return dict(self._shown)

    async def begin(self) -> None:
        """Open the turn with an empty snapshot, whatever an earlier attempt had shown."""
        await self._write(snapshot=True)

    async def forget(self, side: str) -> None:
        """A side starts again: replace its text by nothing."""
        self._shown[side] = ""
        await self._write(snapshot=True)

    async def frame(self, appended: Mapping[Any, str]) -> bool:
        """Show more text; True when somebody asked to stop.

        A Redis that does not answer costs nothing but time: the next frame that gets through is a snapshot.
        """
        for side, text in appended.items():
            self._shown[side] += text
        return await self._write(appended=appended if any(appended.values()) else None)

    async def end(self) -> None:
        """Make sure that everything shown is in the stream before the end of the turn is told.

        Where Redis stays away for longer than `SETTLE_S`, readers find the text in PostgreSQL instead.
        """
        for _ in range(int(SETTLE_S / SETTLE_PAUSE_S)):
            await self._write()
            if self._stream_is_whole:
                return
            await asyncio.sleep(SETTLE_PAUSE_S)

    async def _write(self, *, appended: Mapping[Any, str] | None = None, snapshot: bool = False) -> bool:
        try:
            write: Command = ("EXISTS", self._key)
            if self._stream_is_whole and not snapshot and appended is not None:
                body = _encode("frame", {"turn": self._turn, **appended})
                write = ("XADD", self._key, "NOMKSTREAM", "*", _FIELD, body)
            stop, alive = await self._pipelines.send(("EXISTS", self._stop_key), write)
            if snapshot or not alive or not self._stream_is_whole:
                await self._write_snapshot()
            return bool(stop)
        except redis.RedisError as error:
            self._stream_is_whole = False
            logger.warning("frame not published: %s", type(error).__name__)
            return False

    async def _write_snapshot(self) -> None:
        body = _encode("snapshot", {"turn": self._turn, **self._shown})
        await self._pipelines.send(("XADD", self._key, "*", _FIELD, body), ("EXPIRE", self._key, str(KEEP_S)))
        self._stream_is_whole = True


async def read_all(connection: "redis.asyncio.Redis", battle_id: object) -> list[Event]:
    """Everything in a battle's stream, oldest first."""
    return _decode(await connection.xrange(stream_key(battle_id)))


async def read_new(connection: "redis.asyncio.Redis", cursors: Mapping[str, str]) -> dict[str, list[Event]]:
    """Events after each stream's cursor, for many streams in one call: `{key: events}`."""
    answer: Any = await connection.xread(dict(cursors))  # type: ignore[arg-type] # stubs want bytes or int
    return {key.decode(): _decode(entries) for key, entries in answer}
