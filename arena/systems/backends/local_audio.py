"""A Python function that makes a clip as a contender. Framework-free; where it runs: see `local`."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from typing import ClassVar

from arena.systems.backends.base import (
    Capabilities,
    Event,
    Finished,
    GenerationRequest,
    Message,
    Misconfigured,
    NothingSaid,
    TimedOut,
    TooLarge,
    Unsupported,
)
from arena.systems.offline import CONTENDERS, Perform, load


class LocalAudioBackend:
    """One entry of `offline.CONTENDERS` that gives audio. Raises Misconfigured when there is no such entry."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        streams=False, multi_turn=False, needs_own_process=True, gives="audio"
    )

    def __init__(self, entry: str) -> None:
        names = [name for name, contender in CONTENDERS.items() if contender.gives == "audio"]
        if entry not in names:
            raise Misconfigured(f"{entry!r} is none of {', '.join(names)}")
        self.entry = entry

    def supports(self, messages: tuple[Message, ...]) -> bool:
        """Whether its packages are installed, and there is one prompt."""
        return len(messages) == 1 and messages[0].role == "user" and CONTENDERS[self.entry].is_installed()

    def iterate(self, request: GenerationRequest) -> Iterator[Event]:
        """Perform in this thread: one `AudioClip` and one `Finished`. Raises a `BackendError`, nothing else."""
        if not self.supports(request.messages):
            raise Unsupported(f"{self.entry} is not installed, or there is more than one prompt")
        clip = _performer(self.entry)(request)
        if not clip.data:
            raise NothingSaid(f"{self.entry} played nothing")
        if len(clip.data) > request.limits.max_bytes:
            raise TooLarge(f"more than {request.limits.max_bytes} bytes of audio")
        yield clip
        yield Finished("stop")

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[Event, None]:
        """Perform in a thread beside this event loop; see `Backend.stream`. A thread that is late is left alone."""
        try:
            async with asyncio.timeout(request.limits.total_s):
                events = await asyncio.to_thread(list, self.iterate(request))
        except TimeoutError as error:
            raise TimedOut("total") from error
        for event in events:
            yield event


def _performer(entry: str) -> Perform:
    try:
        perform: Perform = load(entry)
    except (ImportError, OSError) as error:
        # The package is there, but it does not fit this machine.
        raise Misconfigured(f"{entry}: {error}") from error
    return perform
