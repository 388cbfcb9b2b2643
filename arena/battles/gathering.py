"""Runs both sides of a turn of audio beside each other, and waits until both have given their clips.

Nothing is shown meanwhile. The first side that fails ends the other one: the pair is drawn anew.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from arena.battles.conductor import Call, Failed, Stopped
from arena.battles.states import Side
from arena.battles.work import TurnWork
from arena.systems.backends.base import AudioClip, BackendError

LOOK_S: Final = 0.25

#: Stores a side's clip and how long it took, in seconds.
Keep: TypeAlias = Callable[[Side, AudioClip, float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Gathered:
    """Both sides have given a clip."""

    work: TurnWork


class Gatherer:
    """Gathers the clips of one turn. Use once: `await Gatherer(...).run()`."""

    def __init__(self, work: TurnWork, calls: Mapping[Side, Call], keep: Keep) -> None:
        self._work, self._calls, self._keep = work, calls, keep
        self._stop = False

    def stop(self) -> None:
        """Stop soon; called from any thread."""
        self._stop = True

    async def run(self) -> Gathered | Failed | Stopped:
        """Generate both sides. Every call to a backend has ended when this returns."""
        tasks = {side: asyncio.create_task(self._collect(side)) for side in self._calls}
        try:
            while True:
                await asyncio.wait(tasks.values(), timeout=LOOK_S, return_when=asyncio.FIRST_EXCEPTION)
                if failures := _failures(tasks):
                    return Failed(self._work, failures, shown=False)
                if all(task.done() for task in tasks.values()):
                    return Gathered(self._work)
                if self._stop:
                    return Stopped(self._work)
        finally:
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)

    async def _collect(self, side: Side) -> None:
        call, started_at = self._calls[side], time.monotonic()
        events: Any = call.backend.stream(call.request)
        async with aclosing(events):
            async for event in events:
                if isinstance(event, AudioClip):
                    await self._keep(side, event, time.monotonic() - started_at)


def _failures(tasks: Mapping[Side, "asyncio.Task[None]"]) -> dict[Side, BackendError]:
    """What the sides failed with; anything but a BackendError is a defect and is raised."""
    failures: dict[Side, BackendError] = {}
    for side, task in tasks.items():
        error = task.exception() if task.done() and not task.cancelled() else None
        if error is not None and not isinstance(error, BackendError):
            raise error
        if error is not None:
            failures[side] = error
    return failures
