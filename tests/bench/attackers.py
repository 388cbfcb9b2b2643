"""Clients that mean harm, each kind from one address of another network than the ordinary visitor's.

Everything is bounded: by the seconds of the attack, and by the pauses between two attempts.
"""

import asyncio
import itertools
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

#: Another /24 than that of 127.0.0.1: limits by network do not mistake one for the other.
SOURCE = ("127.0.1.7", 0)
SLOW_CLIENTS = IDLE_CLIENTS = 100
MEGABYTE = 1_000_000
_WAIT_S = 30.0


@dataclass
class Attack:
    """One attack on the arena at `port`, until `until_s` of the monotonic clock; `refusals` counts the answers."""

    port: int
    until_s: float
    #: `Cookie` of a visitor with a battle, its CSRF token, and that battle.
    cookie: str
    token: str
    battle: str
    #: A battle of somebody else.
    foreign_battle: str
    refusals: Counter[str] = field(default_factory=Counter)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    async def run(self) -> dict[str, int]:
        """All kinds at once."""
        kinds = [
            *(self._again(self._dribble) for _ in range(SLOW_CLIENTS)),
            *(self._again(self._say_nothing) for _ in range(IDLE_CLIENTS)),
            self._again(self._send_megabytes, 0.2),
            self._again(self._flood, 0.2),
            self._again(self._listen_from_elsewhere, 0.1),
            self._again(self._post_without_token, 0.1),
            self._again(self._read_a_foreign_battle, 0.1),
            self._again(self._come_from_everywhere, 0.1),
        ]
        await asyncio.gather(*kinds)
        return dict(sorted(self.refusals.items()))

    async def _again(self, once: Callable[[], Awaitable[None]], pause_s: float = 0.0) -> None:
        while (left_s := self.until_s - time.monotonic()) > 0:
            with suppress(TimeoutError, OSError, EOFError):
                await asyncio.wait_for(once(), left_s)
            await asyncio.sleep(pause_s)

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port, local_addr=SOURCE)

    async def _dribble(self) -> None:
        reader, writer = await self._connection()
        try:
            writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
            while not reader.at_eof():
                writer.write(b"a")
                await writer.drain()
                with suppress(TimeoutError):
                    line = await asyncio.wait_for(reader.readline(), 1.0)
                    if line.startswith(b"HTTP/1.1 "):
                        self.refusals[f"slow headers: {line[9:12].decode()}"] += 1
        finally:
            writer.close()

    async def _say_nothing(self) -> None:
        reader, writer = await self._connection()
        try:
            await reader.read()
            self.refusals["idle: closed"] += 1
        finally:
            writer.close()

    async def _ask(self, kind: str, method: str, path: str, body: bytes = b"", **headers: str) -> None:
        reader, writer = await self._connection()
        try:
            lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", "Connection: close"]
            lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
            if body:
                lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            answer = await asyncio.wait_for(reader.read(), _WAIT_S)
            self.refusals[f"{kind}: {answer[9:12].decode()}"] += 1
        finally:
            writer.close()

    async def _send_megabytes(self) -> None:
        body = json.dumps({"prompt": "x" * MEGABYTE}).encode()
        await self._ask("1 MB prompt", "POST", "/api/v1/arenas/text/battles", body, Cookie=self.cookie)

    async def _post_without_token(self) -> None:
        body = json.dumps({"outcome": "left"}).encode()
        path = f"/api/v1/battles/{self.battle}/vote"
        await self._ask("no token", "POST", path, body, Cookie=self.cookie)

    async def _read_a_foreign_battle(self) -> None:
        await self._ask("foreign battle", "GET", f"/api/v1/battles/{self.foreign_battle}", Cookie=self.cookie)

    async def _come_from_everywhere(self) -> None:
        """Be a new visitor each time, and say so: the limit is that of the network all the same."""
        body = json.dumps({"research": True, "publication": False, "age_16": True}).encode()
        headers = {"Cookie": f"csrftoken={self.token}", "X_CSRFToken": self.token}
        forged = f"198.18.{next(self._numbers) % 256}.1"
        await self._ask("forged address", "POST", "/api/v1/consent", body, X_Forwarded_For=forged, **headers)

    async def _flood(self) -> None:
        url = f"ws://127.0.0.1:{self.port}/ws/v1/battles/{self.battle}"
        headers = {"Cookie": self.cookie}
        origin = f"http://127.0.0.1:{self.port}"
        async with connect(url, origin=origin, additional_headers=headers, local_addr=SOURCE) as socket:  # type: ignore[arg-type]
            try:
                while True:
                    await socket.send("{}")
                    await asyncio.sleep(0.01)
            except ConnectionClosed as closed:
                self.refusals[f"frames: {closed.rcvd.code if closed.rcvd else 'cut'}"] += 1

    async def _listen_from_elsewhere(self) -> None:
        url = f"ws://127.0.0.1:{self.port}/ws/v1/battles/{self.battle}"
        try:
            async with connect(url, origin="https://evil.example", local_addr=SOURCE):  # type: ignore[arg-type]
                self.refusals["wrong origin: open"] += 1
        except InvalidStatus as refused:
            self.refusals[f"wrong origin: {refused.response.status_code}"] += 1


def attack(port: int, seconds: float, cookie: str, token: str, battle: str, foreign_battle: str) -> dict[str, int]:
    """Run one attack in this process; how it was refused."""
    return asyncio.run(Attack(port, time.monotonic() + seconds, cookie, token, battle, foreign_battle).run())
