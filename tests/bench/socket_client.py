"""A WebSocket client for load (RFC 6455): it keeps what it is sent, answers pings, and says nothing else.

A library's client costs this process twice what a frame costs the arena, and at 200 streams a core: the load generator
would be the limit that is measured. Servers here send whole messages, unmasked and uncompressed.
"""

import asyncio
import base64
import os
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

_TEXT, _CLOSE, _PING = 0x1, 0x8, 0x9
#: A pong under a mask of zeros, which clients must use one of.
_PONG_HEAD = b"\x8a"
_MASK = bytes(4)


class Listener(asyncio.Protocol):
    """One connection. `ended` is done when the server has closed it, or refused it (ConnectionRefusedError)."""

    def __init__(self, request: bytes, take: Callable[[str], None]) -> None:
        self._request, self._take = request, take
        self._received = bytearray()
        self._is_open = False
        self._transport: asyncio.Transport
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Take every message that is there as a whole."""
        self._received += data
        if not self._is_open and not self._opens():
            return
        while (frame := self._next()) is not None:
            opcode, payload = frame
            if opcode == _TEXT:
                self._take(payload.decode())
            elif opcode == _PING:
                self._transport.write(_PONG_HEAD + bytes([0x80 | len(payload)]) + _MASK + payload)
            elif opcode == _CLOSE:
                self._transport.close()

    def _opens(self) -> bool:
        head, gap, rest = bytes(self._received).partition(b"\r\n\r\n")
        if gap and b" 101 " not in head.split(b"\r\n", 1)[0]:
            self.ended.set_exception(ConnectionRefusedError(head.split(b"\r\n", 1)[0].decode()))
            self._transport.abort()
            return False
        self._is_open, self._received = bool(gap), bytearray(rest if gap else self._received)
        return self._is_open

    def _next(self) -> tuple[int, bytes] | None:
        """The next frame, if all of it has come: its opcode and what it carries."""
        got = self._received
        if len(got) < 2:
            return None
        size, start = got[1] & 0x7F, 2
        if size > 125:
            start = 4 if size == 126 else 10
            size = int.from_bytes(got[2:start], "big")
        if len(got) < start + size:
            return None
        opcode, payload = got[0] & 0x0F, bytes(got[start : start + size])
        del got[: start + size]
        return opcode, payload

    def connection_lost(self, exc: Exception | None) -> None:
        """The server has closed it."""
        if not self.ended.done():
            self.ended.set_result(None)

    def close(self) -> None:
        """Leave."""
        self._transport.close()


async def listen(address: str, headers: Mapping[str, str], take: Callable[[str], None]) -> Listener:
    """Open a socket; every message goes to `take` as it comes.

    Args:
        address: `ws://host:port/path`.
        headers: of the request.
        take: gets the text of each message.
    """
    parts = urlsplit(address)
    assert parts.hostname
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    given = {
        "Host": parts.netloc,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        **headers,
    }
    lines = [f"GET {target} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items()), "", ""]
    request = "\r\n".join(lines).encode()
    loop = asyncio.get_running_loop()
    _transport, listener = await loop.create_connection(lambda: Listener(request, take), parts.hostname, parts.port)
    return listener
