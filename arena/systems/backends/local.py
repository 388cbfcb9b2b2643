"""A Python generator as a contender. Framework-free.

The work is the CPU's, so it never runs where streams are read: a worker of the `cpu` queue calls `iterate` in a
process of its own. `stream` is the same through a thread, for tests and tools.
"""

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Iterator
from typing import Any, ClassVar, Literal

from arena.systems.backends.base import (
    BackendError,
    Capabilities,
    Event,
    Finished,
    GenerationRequest,
    Message,
    Misconfigured,
    NothingSaid,
    TextDelta,
    TimedOut,
    TooLarge,
    Unsupported,
)
from arena.systems.backends.text import TextCleaner, pieces, prompt_tokens
from arena.systems.offline import CONTENDERS, Reason, Reply, load


class LocalBackend:
    """One entry of `offline.CONTENDERS` that gives text. Raises Misconfigured when there is no such entry."""

    capabilities: ClassVar[Capabilities] = Capabilities(reports_usage=True, needs_own_process=True)

    def __init__(self, entry: str) -> None:
        self.entry = checked_entry(entry, "text")

    def supports(self, messages: tuple[Message, ...]) -> bool:
        """Whether its packages are installed, and the conversation ends with the user."""
        return bool(messages) and messages[-1].role == "user" and CONTENDERS[self.entry].is_installed()

    def iterate(self, request: GenerationRequest) -> Iterator[Event]:
        """Generate in this thread: deltas and, last, one `Finished`. Raises a `BackendError`, nothing else."""
        if not self.supports(request.messages):
            raise Unsupported(f"{self.entry} is not installed, or the conversation does not end with the user")
        return _capped(self.entry, request)

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[Event, None]:
        """Generate in a thread beside this event loop; see `Backend.stream`."""
        events: asyncio.Queue[Event | BackendError | None] = asyncio.Queue()
        stop = threading.Event()
        work = asyncio.create_task(asyncio.to_thread(self._work, request, events, asyncio.get_running_loop(), stop))
        try:
            while True:
                event = await events.get()
                if event is None:
                    # The thread ended; a defect in the contender surfaces here.
                    await work
                    return
                if isinstance(event, BackendError):
                    raise event
                yield event
        finally:
            stop.set()
            await asyncio.wait([work])

    def _work(
        self,
        request: GenerationRequest,
        events: "asyncio.Queue[Event | BackendError | None]",
        loop: asyncio.AbstractEventLoop,
        stop: threading.Event,
    ) -> None:
        try:
            for event in self.iterate(request):
                if stop.is_set():
                    return
                loop.call_soon_threadsafe(events.put_nowait, event)
        except BackendError as error:
            loop.call_soon_threadsafe(events.put_nowait, error)
        finally:
            loop.call_soon_threadsafe(events.put_nowait, None)


def checked_entry(entry: str, gives: Literal["text", "audio"]) -> str:
    """An entry of `CONTENDERS` that gives this. Raises Misconfigured."""
    names = [name for name, contender in CONTENDERS.items() if contender.gives == gives]
    if entry not in names:
        raise Misconfigured(f"{entry!r} is none of {', '.join(names)}")
    return entry


def loaded(entry: str) -> Any:
    """See `offline.load`. Raises Misconfigured where it cannot be loaded here."""
    try:
        return load(entry)
    except (ImportError, OSError) as error:
        # The package is there, but it does not fit this machine.
        raise Misconfigured(f"{entry}: {error}") from error


def _capped(entry: str, request: GenerationRequest) -> Iterator[Event]:
    """The contender's pieces, cleaned, under the limits of time and size."""
    limits, ends_at = request.limits, time.monotonic() + request.limits.total_s
    cleaner, size, said, spoke = TextCleaner(), 0, 0, False
    reply: Reply = loaded(entry)
    parts = reply(request)
    reason: Reason = "stop"
    try:
        while True:
            try:
                piece = next(parts)
            except StopIteration as end:
                reason = end.value or "stop"
                break
            if time.monotonic() > ends_at:
                raise TimedOut("total")
            text = cleaner.feed(piece)
            size += len(text.encode())
            if size > limits.max_bytes:
                raise TooLarge(f"more than {limits.max_bytes} bytes of text")
            if text:
                said += len(pieces(text))
                spoke = spoke or bool(text.strip())
                yield TextDelta(text)
    finally:
        parts.close()
    if rest := cleaner.flush():
        yield TextDelta(rest)
    if not spoke:
        raise NothingSaid(f"{entry} said nothing")
    yield Finished(reason, prompt_tokens(request.messages), said)
