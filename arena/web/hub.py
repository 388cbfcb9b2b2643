"""One reader for all sockets of a process.

A blocking read per socket would hold a Redis connection each; a message per token and socket costs several times the
CPU. So one task asks Redis for the news of every open battle in one call, twenty times a second.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import redis.asyncio
from redis.exceptions import RedisError

from arena.common import live
from arena.common.live import Event

logger = logging.getLogger(__name__)

POLL_S: Final = 0.05
RETRY_S: Final = 0.5
#: A client that is this many events behind is cut off; it comes back with its last event id.
MAX_BEHIND: Final = 2000


class TooSlow(Exception):
    """The client does not keep up with its battle."""


def position(event_id: str) -> tuple[int, int]:
    """A Redis Stream id as something that can be compared."""
    milliseconds, _dash, number = event_id.partition("-")
    return int(milliseconds), int(number or 0)


@dataclass(eq=False)
class Subscription:
    """One socket's place in one stream."""

    key: str
    cursor: str
    queue: "asyncio.Queue[Event]" = field(default_factory=lambda: asyncio.Queue(MAX_BEHIND))
    overrun: bool = False

    def offer(self, event: Event) -> None:
        """Queue an event that the socket has not seen."""
        if position(event.id) <= position(self.cursor):
            return
        self.cursor = event.id
        try:
            self.queue.put_nowait(event)
        except asyncio.QueueFull:
            self.overrun = True

    async def next(self, timeout_s: float) -> Event | None:
        """The next event; None when there was none for so long.

        Raises:
            TooSlow: events were dropped.
        """
        if self.overrun:
            raise TooSlow
        try:
            # Not wait_for: it starts a task each time.
            async with asyncio.timeout(timeout_s):
                return await self.queue.get()
        except TimeoutError:
            return None


class Hub:
    """The subscriptions of one event loop and the task that serves them."""

    def __init__(self, connection: "redis.asyncio.Redis") -> None:
        self.connection = connection
        self._subscriptions: dict[str, set[Subscription]] = {}
        self._task: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def subscribe(self, key: str, cursor: str) -> AsyncIterator[Subscription]:
        """Events of `key` after `cursor`, as long as the block lasts."""
        subscription = Subscription(key, cursor)
        self._subscriptions.setdefault(key, set()).add(subscription)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._serve(), name="arena-hub")
        try:
            yield subscription
        finally:
            self._subscriptions[key].discard(subscription)
            if not self._subscriptions[key]:
                del self._subscriptions[key]

    async def _serve(self) -> None:
        while self._subscriptions:
            try:
                await self._poll()
                await asyncio.sleep(POLL_S)
            except RedisError as error:
                logger.warning("live streams unavailable: %s", type(error).__name__)
                await asyncio.sleep(RETRY_S)

    async def _poll(self) -> None:
        cursors = {
            key: min((one.cursor for one in subscriptions), key=position)
            for key, subscriptions in self._subscriptions.items()
        }
        for key, events in (await live.read_new(self.connection, cursors)).items():
            for event in events:
                for subscription in self._subscriptions.get(key, ()):
                    subscription.offer(event)


_hubs: dict[asyncio.AbstractEventLoop, Hub] = {}


def hub() -> Hub:
    """The hub of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        for closed in [other for other in _hubs if other.is_closed()]:
            del _hubs[closed]
        _hubs[loop] = Hub(live.async_client())
    return _hubs[loop]
