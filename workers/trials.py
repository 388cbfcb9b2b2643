"""Tasks that make an operator's test prompts: ids in, one call, its outcome stored."""

import logging
from contextlib import aclosing
from typing import Any

from django.db import connection

from arena.common.queue import TRY_LOCAL, TRY_STREAMED, app
from arena.systems import services as systems
from arena.systems import trials
from arena.systems.backends.base import BackendError
from arena.systems.trials import Notes, TrialWork
from workers import loop

logger = logging.getLogger(__name__)

#: Nobody else waits for a trial, so nothing has to be renewed meanwhile.
_TICK_S = 60.0


@app.task(name=TRY_STREAMED)
def try_streamed(trial_id: int) -> None:
    """Call a system that streams over the network or from a file."""
    _try(trial_id, _stream)


@app.task(name=TRY_LOCAL)
def try_local(trial_id: int) -> None:
    """Call a system that computes in this process."""
    _try(trial_id, lambda work, notes: notes.take_all(systems.iterate_local(work.version, work.request)))


def _try(trial_id: int, call: Any) -> None:
    work = trials.claim(trial_id)
    if work is None:
        return
    connection.close()
    notes = Notes()
    try:
        call(work, notes)
    except BackendError as error:
        error.said = notes.reasoning + notes.text
        trials.finish(work, notes, type(error).__name__, is_free=not error.may_cost)
    except Exception:
        # The worker's shell: the operator must see that it ended.
        logger.exception("trial %s: defect", trial_id)
        trials.finish(work, notes, "Defect")
    else:
        trials.finish(work, notes)


def _stream(work: TrialWork, notes: Notes) -> None:
    backend = systems.backend_for(work.version)

    async def read() -> None:
        events: Any = backend.stream(work.request)
        async with aclosing(events):
            async for event in events:
                notes.take(event)

    loop.run(read(), every_s=_TICK_S, tick=lambda: True)
