"""What is particular to turns of audio: both clips are gathered here, and prepared on the `cpu` queue."""

import asyncio
import logging
import time
from collections.abc import Iterator, Mapping

from django.db import OperationalError, connection

from arena.battles import endings, handover
from arena.battles.conductor import Call, Failed, Stopped
from arena.battles.gathering import Gathered, Gatherer
from arena.battles.states import Side
from arena.battles.work import LeaseLost, TurnWork
from arena.common.queue import PREPARE_CLIPS, app
from arena.common.storage import StorageError
from arena.media import progress, services
from arena.media.services import SidesFailed
from arena.systems.backends.base import AudioClip, Event
from workers import loop
from workers.leases import run_leased

logger = logging.getLogger(__name__)


def gather(work: TurnWork, calls: Mapping[Side, Call]) -> Gathered | Failed | Stopped:
    """Gather both clips."""

    async def keep(side: Side, clip: AudioClip, latency_s: float) -> None:
        await asyncio.to_thread(_keep, work.sides[side].response_id, clip, latency_s)

    progress.tell(work, progress.GENERATING)
    gatherer = Gatherer(work, calls, keep)
    return run_leased(work, gatherer.run(), gatherer.stop)


def _keep(response_id: int, clip: AudioClip, latency_s: float) -> None:
    try:
        services.keep_raw(response_id, clip, latency_s)
    finally:
        connection.close()


def keeping(response_id: int, events: Iterator[Event]) -> Iterator[Event]:
    """The events of a local system without its clip, which is kept here: it is too large for the relay."""
    started_at = time.monotonic()
    for event in events:
        if isinstance(event, AudioClip):
            services.keep_raw(response_id, event, time.monotonic() - started_at)
        else:
            yield event


@app.task(name=PREPARE_CLIPS)
def prepare_clips(turn_id: int) -> None:
    """Bring both clips of a turn to one profile, if nobody else does; another pair where one cannot be played."""
    work = handover.claim_generated(turn_id)
    if work is None:
        return
    progress.tell(work, progress.PREPARING)
    try:
        services.finish(work, run_leased(work, asyncio.to_thread(services.prepare, work)))
        logger.info("turn %s: ready at attempt %s", turn_id, work.attempt)
    except SidesFailed as error:
        _failed(work, error)
    except (LeaseLost, loop.Abandoned):
        logger.warning("turn %s: lease lost, another worker has it", turn_id)
    except (OperationalError, StorageError) as error:
        logger.warning("turn %s: the sweep rings again: %s", turn_id, type(error).__name__)
    except Exception:
        # The worker's shell: a defect must not leave the visitor waiting for the lease to run out again and again.
        logger.exception("turn %s: defect", turn_id)
        endings.fail_turn(work, reason="internal")


def _failed(work: TurnWork, error: SidesFailed) -> None:
    for side, failure in error.failures.items():
        logger.warning("turn %s %s: %s", work.turn_id, side, failure.summary)
    try:
        if not handover.redraw_elsewhere(work, error.failures):
            services.forget_raw(work.turn_id)
    except LeaseLost:
        logger.warning("turn %s: lease lost, another worker has it", work.turn_id)
