"""HTTP on the ASGI server: the whole synchronous site runs in one thread per request.

Django's own ASGI handler changes threads around every synchronous middleware, which costs several times the work of
a small page. Views, middleware and the ORM of the site are synchronous, so this handler receives the body in the
event loop (a slow client holds no thread) and hands the rest, signals included, to a thread of a fixed pool.
"""

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, Final, ParamSpec, Protocol, TypeVar

from django.conf import settings
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.db import close_old_connections
from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

#: Most of a request is Python, which one thread does at a time; the rest waits for PostgreSQL or for moderation.
THREADS: Final = 16

P = ParamSpec("P")
T = TypeVar("T")


class Shortcut(Protocol):
    """What may answer a request in the event loop, before anything of Django."""

    async def answer(self, scope: Any, send: Any) -> bool:
        """Answer, or return False and send nothing."""


class ThreadedHandler(ASGIHandler):
    """The site for HTTP, one thread of a pool per request that no shortcut answers."""

    def __init__(self, shortcut: Shortcut | None = None) -> None:
        self._shortcut = shortcut
        # Not Django's __init__: it would adapt every middleware to be awaited.
        super(ASGIHandler, self).__init__()
        self.load_middleware(is_async=False)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="arena-http")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request: from what is kept, or by the site."""
        if self._shortcut is not None and await self._shortcut.answer(scope, send):
            return
        try:
            body = await _read(receive)
        except RequestAborted:
            return
        response = await self._in_thread(self._respond, scope, body)
        try:
            if isinstance(response, StreamingHttpResponse) and not response.is_async:
                response.streaming_content = self._parts(iter(response.streaming_content))  # type: ignore[arg-type]
            await self.send_response(response, send)
        finally:
            if response.streaming:
                await self._in_thread(response.close)

    async def _in_thread(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        # A context of its own: what a request sets (language, identifiers for the log) ends with it.
        context = copy_context()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: context.run(work, *args, **kwargs))

    def _respond(self, scope: Any, body: io.BytesIO) -> HttpResponseBase:
        """Everything between the last byte of the request and the first of the response, in this thread."""
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        request, refused = self.create_request(scope, body)
        response: Any = refused if request is None else self.get_response(request)
        if isinstance(response, FileResponse):
            response.block_size = self.chunk_size
        if response.streaming:
            # Another thread may send the end of it: this one's connection goes back now.
            close_old_connections()
        else:
            response.close()
        return response  # type: ignore[no-any-return] # two types of Django's stubs meet here

    async def _parts(self, parts: Iterator[bytes]) -> AsyncIterator[bytes]:
        """The parts of a file, each read in a thread, as they are sent."""
        while (part := await self._in_thread(next, parts, None)) is not None:
            yield part


async def _read(receive: Any) -> io.BytesIO:
    """The body, or so much of it that Django sees that it is too large; the rest is let go as it comes.

    Raises:
        RequestAborted: the client went away.
    """
    body, most = io.BytesIO(), settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RequestAborted
        body.write(message.get("body", b"")[: most - body.tell()])
        if not message.get("more_body", False):
            body.seek(0)
            return body
