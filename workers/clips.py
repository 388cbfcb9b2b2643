"""What is particular to generating audio: both clips are gathered here, and prepared by `preparing`."""

import asyncio
import time
from collections.abc import Iterator, Mapping

from django.db import connection

from arena.battles.conductor import Call, Failed, Stopped
from arena.battles.gathering import Gathered, Gatherer
from arena.battles.states import Side
from arena.battles.work import TurnWork
from arena.media import progress
from arena.media.raw import keep_raw
from arena.systems.backends.base import AudioClip, Event
from workers.leases import run_leased


def gather(work: TurnWork, calls: Mapping[Side, Call]) -> Gathered | Failed | Stopped:
    """Gather both clips."""

    async def keep(side: Side, clip: AudioClip, latency_s: float) -> None:
        await asyncio.to_thread(_keep, work.sides[side].response_id, clip, latency_s)

    progress.tell(work, progress.GENERATING)
    gatherer = Gatherer(work, calls, keep)
    return run_leased(work, gatherer.run(), gatherer.stop)


def _keep(response_id: int, clip: AudioClip, latency_s: float) -> None:
    try:
        keep_raw(response_id, clip, latency_s)
    finally:
        connection.close()


def keeping(response_id: int, events: Iterator[Event]) -> Iterator[Event]:
    """The events of a local system without its clip, which is kept here: it is too large for the relay."""
    started_at = time.monotonic()
    for event in events:
        if isinstance(event, AudioClip):
            keep_raw(response_id, event, time.monotonic() - started_at)
        else:
            yield event
