"""Both clips of a turn are prepared here, on the `cpu` queue."""

import asyncio
import logging

from django.db import OperationalError

from arena.battles import endings, handover
from arena.battles.work import LeaseLost, TurnWork
from arena.common.queue import PREPARE_CLIPS, app
from arena.common.storage import StorageError
from arena.media import progress, services
from arena.media.raw import forget_raw
from arena.media.services import SidesFailed
from workers import loop
from workers.leases import run_leased

logger = logging.getLogger(__name__)


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
            forget_raw(work.turn_id)
    except LeaseLost:
        logger.warning("turn %s: lease lost, another worker has it", work.turn_id)
