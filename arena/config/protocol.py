"""uvicorn's HTTP protocol with deadlines: whoever sends slowly, or nothing at all, does not keep a connection.

uvicorn itself knows one deadline, for a connection that rests between two requests. A client that dribbles its
headers, or only connects, would stay for ever, and its headers may have any size. In production the proxy bounds both
as well; this is for whoever reaches the server past it, and for a machine without a proxy.
"""

import asyncio
from typing import Any, ClassVar, Final

from django.conf import settings
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_REASONS: Final = {400: b"Bad Request", 408: b"Request Timeout", 431: b"Request Header Fields Too Large"}
#: The site does not see these answers; they hold nothing, and a browser shall do nothing with it.
_HEADERS: Final = (
    b"content-length: 0\r\n"
    b"connection: close\r\n"
    b"cache-control: no-store\r\n"
    b"content-security-policy: default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
    b"cross-origin-resource-policy: same-origin\r\n"
    b"referrer-policy: same-origin\r\n"
    b"x-content-type-options: nosniff\r\n"
    b"x-frame-options: DENY\r\n"
)


def _transport_security() -> bytes:
    """As the site says it: a proxy hands these answers on over HTTPS, and over plain HTTP browsers ignore the line."""
    if not settings.SECURE_HSTS_SECONDS:
        return b""
    return b"strict-transport-security: max-age=%d; includeSubDomains; preload\r\n" % settings.SECURE_HSTS_SECONDS


class PatientProtocol(HttpToolsProtocol):
    """One connection. The request's head has `HEAD_S` from its first byte (or the connection), its body `BODY_S`."""

    HEAD_S: ClassVar[float] = 10.0
    BODY_S: ClassVar[float] = 30.0
    MAX_HEAD_BYTES: ClassVar[int] = 32_768

    _deadline: asyncio.TimerHandle | None = None
    _in_head = True
    _head_bytes = 0

    def connection_made(self, transport: Any) -> None:
        """Start to wait for a request."""
        super().connection_made(transport)
        self._give(self.HEAD_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._give(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, as long as the head stays small."""
        # Also before bytes that begin no request: empty lines alone must not keep the connection.
        if self._deadline is None and not self._answering():
            self._give(self.HEAD_S)
        self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > self.MAX_HEAD_BYTES:
            self._refuse(431)

    def on_headers_complete(self) -> None:
        """The head is there; now the body has its time."""
        self._in_head = False
        self._give(self.BODY_S)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is there; how long the answer takes is our own affair."""
        self._in_head, self._head_bytes = True, 0
        self._give(None)
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """The connection has another protocol from now on."""
        self._give(None)
        super().handle_websocket_upgrade()

    def _answering(self) -> bool:
        cycle: Any = self.cycle
        return cycle is not None and not cycle.response_complete

    def _give(self, seconds: float | None) -> None:
        """Replace the deadline; None takes it away."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self.loop.call_later(seconds, self._too_slow)

    def _too_slow(self) -> None:
        if self._head_bytes or self._answering():
            self._refuse(408)
        else:
            # Browsers connect ahead of time; they do not expect an answer to nothing.
            self.transport.close()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's signature
        """What is no HTTP is refused like everything else here."""
        self._refuse(400)

    def _refuse(self, status: int) -> None:
        """Say so, unless another answer is on its way, and close."""
        started = self._answering() and self.cycle.response_started
        if not started and not self.transport.is_closing():
            line = b"HTTP/1.1 %d %s\r\n" % (status, _REASONS[status])
            self.transport.write(line + _HEADERS + _transport_security() + b"\r\n")
        self.transport.close()
