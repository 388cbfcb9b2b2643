"""How a battle changes its state. The machine itself is `arena.battles.states`.

A change is a compare-and-set in SQL: it names the states it may come from and counts the rows it changed.
"""

import uuid
from datetime import timedelta
from functools import partial
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now

from arena.battles.models import Battle
from arena.battles.states import BattleState, is_terminal, sources_of
from arena.common import live, measures

_MOVE_SQL: Final = """
UPDATE battles_battle SET state = %s, reason = %s, state_changed_at = statement_timestamp()
WHERE id = %s AND state = ANY(%s) RETURNING arena_id
"""


def set_state(battle_id: uuid.UUID, target: BattleState, reason: str = "") -> bool:
    """Move a battle to `target` if its present state allows that; open sockets hear of it after the commit.

    Returns:
        Whether this call moved it. False: somebody else moved it first, or the move is not allowed.
    """
    sources = [source.value for source in sources_of(target)]
    with connection.cursor() as cursor:
        # SQL, because the ORM's update cannot tell which arena the row belongs to without another query.
        cursor.execute(_MOVE_SQL, [target.value, reason, battle_id, sources])
        moved = cursor.fetchone()
    if moved:
        transaction.on_commit(partial(_announce, battle_id, moved[0], target, reason), robust=True)
    return bool(moved)


def _announce(battle_id: uuid.UUID, arena_id: int, state: BattleState, reason: str) -> None:
    live.publish_state(battle_id, state.value, reason)
    if is_terminal(state):
        measures.BATTLES_ENDED.count(arena_id, state.value, reason)


def mark_voted(battle_id: uuid.UUID) -> bool:
    """Close a ready battle with a vote; inside the caller's transaction."""
    return set_state(battle_id, BattleState.VOTED)


def expire_battles() -> int:
    """Close battles that waited too long for a vote; returns how many."""
    old = Battle.objects.filter(
        state=BattleState.READY.value,
        state_changed_at__lt=Now() - timedelta(seconds=settings.ARENA_BATTLE_EXPIRES_S),
    )
    ids = list(old.values_list("id", flat=True)[:500])
    return sum(set_state(battle_id, BattleState.EXPIRED) for battle_id in ids)
