"""A Python function that makes a clip as a contender. Framework-free; where it runs: see `local`."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from dataclasses import replace
from typing import ClassVar

from arena.systems.backends.base import (
    Capabilities,
    Event,
    Finished,
    GenerationRequest,
    Message,
    TimedOut,
    Unsupported,
)
from arena.systems.backends.clips import GIVES_A_CLIP, checked_size, is_one_prompt
from arena.systems.backends.local import checked_entry, loaded
from arena.systems.offline import CONTENDERS, Perform


class LocalAudioBackend:
    """One entry of `offline.CONTENDERS` that gives audio. Raises Misconfigured when there is no such entry."""

    capabilities: ClassVar[Capabilities] = replace(GIVES_A_CLIP, needs_own_process=True)

    def __init__(self, entry: str) -> None:
        self.entry = checked_entry(entry, "audio")

    def supports(self, messages: tuple[Message, ...]) -> bool:
        """Whether its packages are installed, and there is one prompt."""
        return is_one_prompt(messages) and CONTENDERS[self.entry].is_installed()

    def iterate(self, request: GenerationRequest) -> Iterator[Event]:
        """Perform in this thread: one `AudioClip` and one `Finished`. Raises a `BackendError`, nothing else."""
        if not self.supports(request.messages):
            raise Unsupported(f"{self.entry} is not installed, or there is more than one prompt")
        perform: Perform = loaded(self.entry)
        clip = perform(request)
        checked_size(clip.data, request.limits)
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
