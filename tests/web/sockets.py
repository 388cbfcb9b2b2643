"""A WebSocket client without a network. `channels.testing` would need the daphne server."""

from typing import Any

from asgiref.testing import ApplicationCommunicator

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
