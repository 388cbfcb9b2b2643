"""Runs both sides of a turn beside each other and shows them at one pace.

One coroutine per turn: two tasks read the backends, one loop releases text ten times a second. Nothing here waits for
a database or blocks the loop; whatever must be stored is a callback.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from arena.battles.pacing import Progress, next_frame_at, release
from arena.battles.states import SIDES, Side
from arena.battles.work import Output, TurnWork
from arena.common.live import TurnWriter
from arena.systems.backends.base import (
    BackendError,
    Event,
    Finished,
    GenerationRequest,
    NothingSaid,
    ReasoningDelta,
    Restarted,
    TextDelta,
)


class Streams(Protocol):
    """What the conductor needs of a backend."""

    def stream(self, request: GenerationRequest) -> AsyncIterator[Event]:
        """Generate; see `arena.systems.backends.base.Backend.stream`."""
        ...


@dataclass(frozen=True, slots=True)
class Call:
    """One side's backend and what to ask of it."""

    backend: Streams
    request: GenerationRequest


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast and how patiently. `backoff_s(error, retry)` is the pause before a retry, None: do not retry."""

    frame_s: float
    max_chars_per_s: int
    retries: int
    backoff_s: Callable[[BackendError, int], float | None]

    @property
    def quota(self) -> int:
        """Characters per side and frame."""
        return max(1, round(self.max_chars_per_s * self.frame_s))


@dataclass(frozen=True, slots=True)
class Completed:
    """Both sides have an answer."""

    work: TurnWork
    outputs: Mapping[Side, Output]


@dataclass(frozen=True, slots=True)
class Failed:
    """At least one side has none. `shown`: whether the visitor has seen text of this turn.

    `unused`: what the others had said, which nobody will read and somebody will pay for.
    """

    work: TurnWork
    failures: Mapping[Side, BackendError]
    shown: bool
    unused: Mapping[Side, Output] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stopped:
    """The visitor stopped the writing before there was anything to judge. `unused`: what had been said."""

    work: TurnWork
    unused: Mapping[Side, Output] = field(default_factory=dict)


Outcome: TypeAlias = Completed | Failed | Stopped
Restart: TypeAlias = Callable[[TurnWork, Side, BackendError], Awaitable[tuple[TurnWork, Call]]]


@dataclass(slots=True)
class _Source:
    """One running call and what came of it so far. `asked`: whether it was made; a retry waits before."""

    task: "asyncio.Task[None]"
    asked: bool = False
    started_at: float = field(default_factory=time.monotonic)
    text: str = ""
    reasoning: str = ""
    released: int = 0
    restarted: bool = False
    first_text_at: float | None = None
    finished_at: float | None = None
    finish: Finished | None = None
    error: BackendError | None = None

    def progress(self) -> Progress:
        return Progress(len(self.text), self.released, self.finish is not None)

    def take(self, number: int) -> str:
        start, self.released = self.released, self.released + number
        return self.text[start : self.released]

    def output(self, *, stopped: bool) -> Output:
        end = self.finished_at or time.monotonic()
        return Output(
            content=self.text[: self.released] if stopped else self.text,
            reasoning=self.reasoning,
            finish_reason="stopped" if stopped or self.finish is None else self.finish.reason,
            ttft_s=None if self.first_text_at is None else self.first_text_at - self.started_at,
            latency_s=end - self.started_at,
            input_tokens=self.finish.input_tokens if self.finish else None,
            output_tokens=self.finish.output_tokens if self.finish else None,
            withheld=self.text[self.released :] if stopped else "",
        )


class Conductor:
    """Conducts one turn. Use once: `await Conductor(...).run()`."""

    def __init__(
        self, work: TurnWork, calls: Mapping[Side, Call], writer: TurnWriter, pace: Pace, restart: Restart
    ) -> None:
        self._work = work
        self._calls = dict(calls)
        self._writer = writer
        self._pace = pace
        self._restart = restart
        self._retries: dict[Side, int] = dict.fromkeys(SIDES, 0)
        self._sources: dict[Side, _Source] = {}
        self._stop = False
        #: When the first text was shown, by `time.monotonic`.
        self.first_frame_at: float | None = None

    def stop(self) -> None:
        """Stop at the next frame; called from any thread."""
        self._stop = True

    async def run(self) -> Outcome:
        """Generate, show, and say what came of it. Every call to a backend has ended when this returns."""
        await self._writer.begin()
        try:
            for side in SIDES:
                self._start(side, delay_s=0.0)
            outcome = await self._release_until_done()
            await self._writer.end()
            return outcome
        finally:
            await self._cancel()

    def _start(self, side: Side, delay_s: float) -> None:
        call = self._calls[side]
        source = _Source(task=asyncio.current_task())  # type: ignore[arg-type] # replaced on the next line
        source.task = asyncio.create_task(_pump(source, call, delay_s))
        self._sources[side] = source

    async def _cancel(self) -> None:
        tasks = [source.task for source in self._sources.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _release_until_done(self) -> Outcome:
        next_frame = time.monotonic()
        while True:
            now = time.monotonic()
            next_frame = next_frame_at(next_frame, now, self._pace.frame_s)
            await asyncio.sleep(next_frame - now)
            _raise_defects(self._sources)
            failures = {side: source.error for side, source in self._sources.items() if source.error is not None}
            if failures:
                if failed := await self._retry(failures):
                    return failed
                continue
            if outcome := await self._show_frame():
                return outcome

    async def _show_frame(self) -> Outcome | None:
        for side, source in self._sources.items():
            if source.restarted:
                source.restarted, source.released = False, 0
                await self._writer.forget(side)
        numbers = release({side: source.progress() for side, source in self._sources.items()}, self._pace.quota)
        appended = {side: self._sources[side].take(number) for side, number in numbers.items()}
        stop = await self._writer.frame(appended) or self._stop
        if self.first_frame_at is None and any(numbers.values()):
            self.first_frame_at = time.monotonic()
        sources = self._sources.values()
        if all(source.finish and source.released == len(source.text) for source in sources):
            return self._completed(stopped=False)
        if stop:
            everyone_spoke = all(source.released for source in sources)
            return self._completed(stopped=True) if everyone_spoke else Stopped(self._work, self._unused())
        return None

    def _unused(self) -> dict[Side, Output]:
        """What the calls had said that were made and did not fail."""
        made = {side: source for side, source in self._sources.items() if source.asked and source.error is None}
        return {side: source.output(stopped=False) for side, source in made.items()}

    def _completed(self, *, stopped: bool) -> Completed:
        return Completed(self._work, {side: source.output(stopped=stopped) for side, source in self._sources.items()})

    async def _retry(self, failures: Mapping[Side, BackendError]) -> Failed | None:
        """Try failed sides again on the same system, or give up."""
        shown = any(self._writer.shown.values())
        delays = {side: self._delay_s(side, error) for side, error in failures.items()}
        if None in delays.values() or (self._work.may_redraw and not shown):
            return Failed(self._work, failures, shown, self._unused())
        for side, delay_s in delays.items():
            self._retries[side] += 1
            self._work, self._calls[side] = await self._restart(self._work, side, failures[side])
            if self._writer.shown[side]:
                await self._writer.forget(side)
            self._start(side, delay_s or 0.0)
        return None

    def _delay_s(self, side: Side, error: BackendError) -> float | None:
        if self._retries[side] >= self._pace.retries:
            return None
        return self._pace.backoff_s(error, self._retries[side] + 1)


def _raise_defects(sources: Mapping[Side, _Source]) -> None:
    """A pump ends by a result or by a BackendError; anything else is a defect and ends the turn."""
    for source in sources.values():
        if source.task.done() and not source.task.cancelled() and (defect := source.task.exception()):
            raise defect


async def _pump(source: _Source, call: Call, delay_s: float) -> None:
    await asyncio.sleep(delay_s)
    source.asked, source.started_at = True, time.monotonic()
    try:
        events: Any = call.backend.stream(call.request)
        async with aclosing(events):
            async for event in events:
                _take_in(source, event)
    except BackendError as error:
        error.said = source.reasoning + source.text
        source.error = error


def _take_in(source: _Source, event: Event) -> None:
    match event:
        case TextDelta(text):
            source.first_text_at = source.first_text_at or time.monotonic()
            source.text += text
        case ReasoningDelta(text):
            source.reasoning += text
        case Restarted():
            source.text = source.reasoning = ""
            source.restarted = True
        case Finished():
            source.finished_at = time.monotonic()
            if not source.text.strip():
                raise NothingSaid("finished without any text")
            source.finish = event
