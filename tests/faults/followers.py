"""Very many open sockets in one thread, each a client that comes back with its last event id."""

import asyncio
import itertools
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.stack import Visitor, Watched

#: As `frontend/src/socket.ts` waits after a server said that it goes, and after a connection that just broke.
CLOSES_OF_MANY = frozenset({1001, 1012, 1013})
SPREAD_S = 5.0
FIRST_WAIT_S, LONGEST_WAIT_S = 0.4, 15.0
ENDS = frozenset({"ready", "failed"})
#: Longer than any of these battles takes.
ALL_ENDED_S = 600


@dataclass
class Follower:
    """One battle as one browser sees it."""

    battle_id: str
    seen: Watched = field(default_factory=Watched)
    heard_at: list[float] = field(default_factory=list)
    tried_at: list[float] = field(default_factory=list)
    closes: list[int | None] = field(default_factory=list)
    failures: int = 0
    speaks: asyncio.Event = field(default_factory=asyncio.Event)

    def gap_s(self, start: float, end: float) -> float:
        """The longest silence that overlaps this stretch of time."""
        pairs = itertools.pairwise(self.heard_at)
        return max((b - a for a, b in pairs if b >= start and a <= end), default=0.0)

    def gap_before_s(self, since: float, moment: float) -> float:
        """The longest silence between two messages of this stretch of time."""
        return max((b - a for a, b in itertools.pairwise(self.heard_at) if a >= since and b <= moment), default=0.0)

    async def follow(self, url: str, cookies: str) -> None:
        """Listen until the battle has ended, over as many connections as it takes."""
        while self.seen.state not in ENDS:
            try:
                await self._listen(url, cookies)
            except (ConnectionClosed, InvalidHandshake, OSError) as error:
                code = error.rcvd.code if isinstance(error, ConnectionClosed) and error.rcvd else None
                self.closes.append(code)
                self.failures += 1
                await asyncio.sleep(self._wait_s(code))

    def _wait_s(self, code: int | None) -> float:
        """How long a browser waits before it comes back."""
        if code in CLOSES_OF_MANY:
            return random.uniform(0, SPREAD_S)
        whole_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (self.failures - 1))
        return random.uniform(whole_s / 2, whole_s)

    async def _listen(self, url: str, cookies: str) -> None:
        after = f"?after={self.seen.last_id}" if self.seen.last_id else ""
        address = f"{url.replace('http://', 'ws://')}/ws/v1/battles/{self.battle_id}{after}"
        self.tried_at.append(time.monotonic())
        async with connect(address, origin=url, additional_headers={"Cookie": cookies}, open_timeout=120) as socket:  # type: ignore[arg-type]
            self.failures = 0
            async for message in socket:
                self.heard_at.append(time.monotonic())
                self.seen.take(str(message))
                if any(self.shown().values()):
                    self.speaks.set()
                if self.seen.state in ENDS:
                    return

    def shown(self) -> dict[str, str]:
        """The text of the first turn, by side."""
        return self.seen.texts.get(1, {})


def follow_all(followers: list[Follower], url: str, visitor: Visitor, meanwhile: Callable[[], None]) -> float:
    """Follow all battles to their ends in a thread; `meanwhile` runs here, once every socket has heard text.

    Here, and not in a thread: the kernel ends a process when the thread that started it ends (`ops.processes`).

    Returns:
        The moment (monotonic) at which `meanwhile` began.
    """
    all_speak = threading.Event()

    async def listen() -> None:
        async with asyncio.timeout(ALL_ENDED_S):
            tasks = [asyncio.create_task(one.follow(url, visitor.cookie_header)) for one in followers]
            await asyncio.gather(*(one.speaks.wait() for one in followers))
            all_speak.set()
            await asyncio.gather(*tasks)

    with ThreadPoolExecutor(1) as pool:
        listening = pool.submit(asyncio.run, listen())
        assert all_speak.wait(ALL_ENDED_S)
        began = time.monotonic()
        meanwhile()
        listening.result()
    return began


def stored_texts(visitor: Visitor, battle_id: str) -> dict[str, str]:
    """The first turn's texts as PostgreSQL has them, by side."""
    turn = visitor.battle(battle_id)["turns"][0]
    return {side: turn[side]["text"] for side in ("left", "right")}
