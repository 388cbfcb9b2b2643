"""Tasks that beat calls (`workers.clock`), and those that a doorbell calls for a whole arena."""

from collections.abc import Collection
from typing import Final

from django.conf import settings

from arena.arenas import selectors as arenas
from arena.battles import generation, handover, moves
from arena.common import heartbeat, outbox, processes, queue, tracing
from arena.common.queue import REFRESH_BOARD, RUN_JOB, SWEEP, SWEEP_EVERY_S, app
from arena.integrity import services as integrity
from arena.rankings import services as rankings
from arena.router import services as router
from arena.systems import steering, trials
from workers import jobs

BOARDS_PART: Final = "boards"
BOARDS_EVERY_S: Final = 20.0


@app.task(name=SWEEP)
def sweep() -> None:
    """Ring for everything due, and close what waited too long. Twice at once harms nothing: rows are locked.

    Messages that piled up while no worker ran, or that a second beat sends, are not worth a sweep each.
    """
    if not heartbeat.take_turn(heartbeat.SWEEP, SWEEP_EVERY_S / 2):
        return
    outbox.relay()
    for turn in generation.due_turns(settings.ARENA_RING_AGAIN_S):
        with tracing.use(turn.request_id):
            queue.ring(handover.bell_of(turn.phase), turn.id)
    for arena_id in _arenas_to_refresh():
        queue.ring(REFRESH_BOARD, arena_id)
    for name in jobs.due_jobs():
        queue.ring(RUN_JOB, name)
    moves.expire_battles()
    steering.purge_reservations()
    processes.forget_dead()
    trials.purge()
    router.purge_readings()
    integrity.purge_counters()


def _arenas_to_refresh() -> Collection[int]:
    """Those with a board that is due and, now and then, all: a refresh that the broker took may still be lost.

    Redis may be emptied, or PostgreSQL be away in mid-fold; then votes would stay uncounted until the next one. A
    refresh that finds nothing new costs a few small queries.
    """
    everyone = heartbeat.take_turn(BOARDS_PART, BOARDS_EVERY_S)
    return arenas.slugs_by_id() if everyone else rankings.due_arenas()


@app.task(name=REFRESH_BOARD)
def refresh_board(arena_id: int) -> None:
    """Fold new votes and fit the boards that they moved anew."""
    rankings.refresh_arena(arena_id)
