"""A WebSocket client without a network. `channels.testing` would need the daphne server."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import redis.asyncio
from asgiref.testing import ApplicationCommunicator

from arena.common import live
from arena.config.asgi import by_protocol as application
from tests.api.callers import Browser, Program

TIMEOUT_S = 5


class Socket(ApplicationCommunicator):
    """One handshake with an ASGI application, and what follows."""

    def __init__(self, application: Any, address: str, headers: list[tuple[bytes, bytes]]) -> None:
        path, _mark, query = address.partition("?")
        scope = {
            "type": "websocket",
            "path": path,
            "query_string": query.encode(),
            "headers": headers,
            "subprotocols": [],
            "client": ["127.0.0.1", 0],
        }
        super().__init__(application, scope)

    async def opens(self) -> bool:
        """Shake hands; whether the server accepted."""
        await self.send_input({"type": "websocket.connect"})
        answer = await self.receive_output(TIMEOUT_S)
        return bool(answer["type"] == "websocket.accept")

    async def say(self, text: str) -> None:
        """Send a message."""
        await self.send_input({"type": "websocket.receive", "text": text})

    async def hear(self) -> str:
        """The next message."""
        event = await self.receive_output(TIMEOUT_S)
        assert event["type"] == "websocket.send", event
        return str(event["text"])

    async def close_code(self) -> int:
        """The code with which the server closes next."""
        event = await self.receive_output(TIMEOUT_S)
        assert event["type"] == "websocket.close", event
        return int(event["code"])

    async def leave(self) -> None:
        """Close from this side."""
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait(TIMEOUT_S)


def headers_of(caller: Program | Browser, origin: bytes | None = None) -> list[tuple[bytes, bytes]]:
    """What says who is calling."""
    headers = [] if origin is None else [(b"origin", origin)]
    if isinstance(caller, Program):
        return [*headers, *((name.lower().encode(), value.encode()) for name, value in caller.headers().items())]
    cookie = caller.client.cookies["arena_voter"].value
    return [*headers, (b"cookie", f"arena_voter={cookie}".encode())]


@asynccontextmanager
async def redis_connection() -> AsyncIterator["redis.asyncio.Redis"]:
    """The site's own kind of connection."""
    connection = live.async_client()
    try:
        yield connection
    finally:
        await connection.aclose()


@asynccontextmanager
async def battle_socket(
    battle_id: object, headers: list[tuple[bytes, bytes]], after: str | None = None
) -> AsyncIterator[Socket]:
    """A socket of a battle, not opened yet."""
    query = "" if after is None else f"?after={after}"
    socket = Socket(application, f"/ws/v1/battles/{battle_id}{query}", [(b"host", b"127.0.0.1"), *headers])
    try:
        yield socket
    finally:
        await socket.leave()


async def opened(socket: Socket) -> None:
    """Shake hands, or fail."""
    assert await socket.opens()


async def until_state(socket: Socket) -> list[dict[str, Any]]:
    """Messages up to the first that tells a state."""
    messages: list[dict[str, Any]] = []
    while not messages or messages[-1]["type"] != "state":
        messages.append(json.loads(await socket.hear()))
    return messages
