"""One event loop per worker process: task threads hand it a coroutine and wait."""

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import uvloop

from arena.common import live
from arena.common.pipelines import Pipelines

T = TypeVar("T")


class Abandoned(Exception):
    """The tick said that nobody needs the result any more."""


class _Process:
    """The loop and its Redis client: one each, though many task threads ask for them at once."""

    lock = threading.Lock()
    loop: asyncio.AbstractEventLoop | None = None
    redis: Any = None
    pipelines: Pipelines | None = None


def _loop() -> asyncio.AbstractEventLoop:
    with _Process.lock:
        if _Process.loop is None:
            _Process.loop = uvloop.new_event_loop()
            threading.Thread(target=_Process.loop.run_forever, name="arena-loop", daemon=True).start()
        return _Process.loop


def redis_connection() -> Any:
    """The loop's Redis client; used inside the loop only."""
    with _Process.lock:
        if _Process.redis is None:
            _Process.redis = live.async_client()
        return _Process.redis


def pipelines() -> Pipelines:
    """What the loop's coroutines write to Redis together; used inside the loop only."""
    connection = redis_connection()
    with _Process.lock:
        if _Process.pipelines is None:
            _Process.pipelines = Pipelines(connection)
        return _Process.pipelines


def run(coroutine: Coroutine[Any, Any, T], *, every_s: float, tick: Callable[[], bool]) -> T:
    """Run a coroutine in the process's loop and wait for it, calling `tick` now and then in this thread.

    Raises:
        Abandoned: `tick` returned False; the coroutine was cancelled and has ended.
    """
    future = asyncio.run_coroutine_threadsafe(coroutine, _loop())
    while True:
        done, _pending = concurrent.futures.wait([future], timeout=every_s)
        if done:
            return future.result()
        if not tick():
            future.cancel()
            raise Abandoned
