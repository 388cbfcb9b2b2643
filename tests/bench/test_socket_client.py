"""The load generator's own WebSocket client hears what a library's server says."""

import asyncio
from http import HTTPStatus

import pytest
from websockets.asyncio.server import Request, Response, ServerConnection, serve

from tests.bench.socket_client import listen

MESSAGES = ["short", "é" * 200, "x" * 70_000, "last"]


async def test_every_message_arrives_as_it_was_sent_and_a_ping_is_answered() -> None:
    async def speak(connection: ServerConnection) -> None:
        await asyncio.wait_for(await connection.ping(b"there?"), 20)
        for message in MESSAGES:
            await connection.send(message)

    heard: list[str] = []
    async with serve(speak, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        listener = await listen(f"ws://127.0.0.1:{port}/ws?after=1", {"Cookie": "a=b"}, heard.append)
        await asyncio.wait_for(listener.ended, 20)
    assert heard == MESSAGES


async def test_a_refusal_is_an_error() -> None:
    async def refuse(connection: ServerConnection, _request: Request) -> Response:
        return connection.respond(HTTPStatus.FORBIDDEN, "no")

    async def speak(_connection: ServerConnection) -> None:
        """Nobody gets here."""

    async with serve(speak, "127.0.0.1", 0, process_request=refuse) as server:
        port = server.sockets[0].getsockname()[1]
        listener = await listen(f"ws://127.0.0.1:{port}/ws", {}, print)
        with pytest.raises(ConnectionRefusedError, match="403"):
            await asyncio.wait_for(listener.ended, 20)
