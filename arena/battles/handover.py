"""A turn of audio changes hands: whoever generated it leaves it to those who prepare it, and they may give it back.

Each hand-over ends a lease; the bell for the next phase is promised in the same transaction, and the sweep rings for
whatever nobody takes.
"""

from collections.abc import Mapping
from dataclasses import replace

from django.db import transaction
from django.db.models.functions import Now

from arena.battles.endings import fail_turn
from arena.battles.generation import closed, draw_again, lease_turn, side_work, turn_work
from arena.battles.models import Turn
from arena.battles.states import SIDES, Phase, Side
from arena.battles.work import TurnWork, fence, live
from arena.common import outbox, queue
from arena.systems.backends.base import BackendError

_BELLS = {Phase.GENERATE: queue.GENERATE_TURN, Phase.PREPARE: queue.PREPARE_CLIPS}


def bell_of(phase: str) -> str:
    """The task that does this phase of a turn."""
    return _BELLS[Phase(phase)]


def hand_over(work: TurnWork, phase: Phase) -> None:
    """Leave the turn to whoever does this phase.

    Raises:
        LeaseLost: the turn is not ours any more.
    """
    with transaction.atomic():
        fence(work.turn_id, work.attempt)
        Turn.objects.filter(id=work.turn_id).update(phase=phase.value, lease_until=None, rung_at=Now())
        outbox.enqueue(bell_of(phase.value), work.turn_id)


def claim_generated(turn_id: int) -> TurnWork | None:
    """Take a turn whose both sides are generated; None where there is nothing to prepare, or somebody else does it."""
    leased = lease_turn(turn_id, Phase.PREPARE)
    if leased is None:
        return None
    turn, waited_s = leased
    # Late writers of the attempt before change nothing.
    live(turn.id).update(attempt=turn.attempt)
    responses = {response.side: response for response in live(turn.id).select_related("version__system")}
    sides = {side: side_work(turn, responses[side]) for side in SIDES}
    return replace(turn_work(turn, sides), waited_s=waited_s)


def redraw_elsewhere(work: TurnWork, failures: Mapping[Side, BackendError]) -> bool:
    """Replace the pair and give the turn back to be generated; False where the battle has failed.

    Raises:
        LeaseLost: the turn is not ours any more.
    """
    with transaction.atomic():
        if draw_again(closed(work, failures)):
            hand_over(work, Phase.GENERATE)
            return True
        fail_turn(work)
        return False
