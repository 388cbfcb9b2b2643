"""One event loop per worker process: task threads hand it a coroutine and wait."""

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Coroutine
from functools import cache
from typing import Any, TypeVar

from arena.common import live

T = TypeVar("T")


class Abandoned(Exception):
    """The tick said that nobody needs the result any more."""


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="arena-loop", daemon=True).start()
    return loop


@cache
def redis_connection() -> Any:
    """The loop's Redis client; used inside the loop only."""
    return live.async_client()


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
