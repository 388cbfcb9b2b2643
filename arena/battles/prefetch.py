"""Fills the pool of ready battles, one at a time and behind the visitors; `arena.battles.pool` hands them out."""

from datetime import timedelta
from typing import Final

from django.db import transaction

from arena.accounts.services import nobody
from arena.arenas.models import Arena
from arena.arenas.selectors import open_arenas
from arena.battles import pool
from arena.battles.models import Prefetched
from arena.battles.moves import set_state
from arena.battles.services import start_battle
from arena.battles.states import BattleState
from arena.common import ledger, periods

JOB: Final = ledger.Job("battles.prefetch", periods.Every(timedelta(seconds=10)), backlog=1, lease_s=60)
#: Why an untaken battle ended.
NOT_TAKEN: Final = "not_taken"


def fill(_period: ledger.Period) -> None:
    """Once every few seconds: let go of what is stale, and begin at most one battle in each arena."""
    for arena in open_arenas():
        if pool.wanted(arena):
            discard(arena)
            begin_one(arena)


def discard(arena: Arena) -> int:
    """End what nobody will be given any more; returns how many."""
    stale = list(pool.stale(arena).values_list("battle_id", flat=True))
    return sum(set_state(battle_id, BattleState.EXPIRED, NOT_TAKEN) for battle_id in stale)


def begin_one(arena: Arena) -> Prefetched | None:
    """Begin a battle of the suggested prompt that the pool has least of, unless there is other work to do."""
    if not pool.is_idle():
        return None
    held = list(pool.fresh(arena).values_list("prompt", flat=True))
    lacking = [prompt for prompt in arena.suggestions if held.count(prompt) < pool.wanted(arena)]
    if not lacking:
        return None
    prompt = min(lacking, key=held.count)
    with transaction.atomic():
        battle = start_battle(arena, nobody(), prompt, for_the_pool=True)
        if battle.state != BattleState.QUEUED.value:
            return None
        return Prefetched.objects.create(battle=battle, arena=arena, prompt=prompt)
