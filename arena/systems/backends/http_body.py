"""One HTTP response, read under deadlines and caps. Framework-free."""

import asyncio
import email.utils
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final, Literal, NoReturn

import httpx

from arena.systems.backends.base import (
    BadResponse,
    ConnectFailed,
    Limits,
    TimedOut,
    TooLarge,
    Truncated,
)
from arena.systems.backends.openai_chunks import error_of_status, error_text

# After the finish reason only the usage and the end mark are missed: not worth a long wait.
_ENDING_S: Final = 2.0
# After the end mark the end of the body lets the connection be used again.
_DRAIN_S: Final = 0.2
_REFUSAL_BYTES: Final = 16_384


class Clock:
    """The deadlines of one generation, counted from its making."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._ends_at = asyncio.get_running_loop().time() + limits.total_s
        self.first_byte_at = self._ends_at

    @asynccontextmanager
    async def within(
        self, phase: Literal["connect", "first_byte", "idle"], deadline: float
    ) -> AsyncIterator[asyncio.Timeout]:
        """Allow the block until the deadline, a time of the loop. Raises TimedOut."""
        try:
            async with asyncio.timeout_at(deadline) as timeout:
                yield timeout
        except TimeoutError as error:
            over = asyncio.get_running_loop().time() >= self._ends_at
            raise TimedOut("total" if over else phase) from error

    def at(self, seconds: float) -> float:
        """The loop's time so many seconds from now, but not after the total."""
        return min(self._ends_at, asyncio.get_running_loop().time() + seconds)


async def open_response(http: httpx.AsyncClient, request: httpx.Request, clock: Clock) -> httpx.Response:
    """Send, and give the response with its body unread. Raises BackendError."""
    limits = clock.limits
    request.extensions["timeout"] = {"connect": limits.connect_s, "pool": limits.connect_s}
    try:
        async with clock.within("first_byte", clock.at(limits.connect_s + limits.first_byte_s)) as timeout:

            async def restart(event: str, _info: dict[str, Any]) -> None:
                if event == "http11.send_request_body.complete":
                    clock.first_byte_at = clock.at(limits.first_byte_s)
                    timeout.reschedule(clock.first_byte_at)

            request.extensions["trace"] = restart
            return await http.send(request, stream=True)
    except (httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise TimedOut("connect") from error
    except httpx.RemoteProtocolError as error:
        if "disconnected" in str(error):
            raise ConnectFailed(str(error)) from error
        raise BadResponse(f"no HTTP: {error}") from error
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise ConnectFailed(f"{type(error).__name__}: {error}") from error


class Body:
    """The body of one response.

    `may_end` is set by the reader once the answer is complete: a body that then ends, breaks or stalls is no error.
    """

    def __init__(self, response: httpx.Response, clock: Clock, limits: Limits) -> None:
        self._raw = response.aiter_raw()
        self._clock = clock
        self._limits = limits
        self._bytes = 0
        self._start: str | None = None
        self.may_end = False

    async def blocks(self) -> AsyncGenerator[bytes, None]:
        """Blocks as they come. Raises TimedOut, TooLarge, Truncated."""
        while True:
            try:
                block = await self._next()
            except (TimedOut, Truncated):
                if self.may_end:
                    return
                raise
            if block is None:
                return
            yield block

    async def data(self) -> bytes:
        """All of it. Raises like `blocks`."""
        return b"".join([block async for block in self.blocks()])

    async def whole(self) -> str:
        """All of it as text. Raises like `blocks`."""
        return (await self.data()).decode("utf-8", "replace")

    async def start(self) -> str:
        """The first kilobytes, as far as they come: an error's explanation. May be asked for again."""
        if self._start is None:
            self.may_end = True
            found = b""
            async with aclosing(self.blocks()) as blocks:
                async for block in blocks:
                    found += block
                    if len(found) > _REFUSAL_BYTES:
                        break
            self._start = found[:_REFUSAL_BYTES].decode("utf-8", "replace")
        return self._start

    async def drain(self) -> None:
        """Wait shortly for the end of the body."""
        try:
            async with asyncio.timeout(_DRAIN_S):
                while await anext(self._raw, None) is not None:
                    pass
        except (TimeoutError, httpx.TransportError):
            return

    async def _next(self) -> bytes | None:
        phase: Literal["first_byte", "idle"] = "idle" if self._bytes else "first_byte"
        deadline = self._clock.at(self._limits.idle_s) if self._bytes else self._clock.first_byte_at
        if self.may_end:
            deadline = min(deadline, self._clock.at(_ENDING_S))
        try:
            async with self._clock.within(phase, deadline):
                block = await anext(self._raw, None)
        except httpx.TransportError as error:
            raise Truncated(f"{type(error).__name__}: {error}") from error
        self._bytes += len(block or b"")
        if self._bytes > self._limits.max_wire_bytes:
            raise TooLarge(f"more than {self._limits.max_wire_bytes} bytes")
        return block


def media_type_of(response: httpx.Response) -> str:
    """The media type of a body, lower case, empty where none is told. Raises BadResponse for a compressed body."""
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise BadResponse("a compressed body, though none was asked for")
    return str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()


async def refuse_status(response: httpx.Response, body: Body, secret: str) -> NoReturn:
    """Raise the error of a response that is no 200; its message never holds `secret`."""
    said = _explanation(await body.start())
    if secret:
        said = said.replace(secret, "[key]")
    raise error_of_status(response.status_code, said, _retry_after_s(response.headers.get("retry-after")))


def _explanation(text: str) -> str:
    try:
        return error_text(json.loads(text))
    except (ValueError, RecursionError):
        return "" if "<" in text[:200] else error_text(text)


def _retry_after_s(value: str | None) -> float | None:
    """`Retry-After` in seconds: a number or an HTTP date (RFC 9110 §10.2.3); None for anything else."""
    if not value:
        return None
    try:
        return max(0.0, float(value)) if value.strip().isdigit() else max(0.0, _date_s(value) - time.time())
    except ValueError:
        return None


def _date_s(value: str) -> float:
    return email.utils.parsedate_to_datetime(value).timestamp()
