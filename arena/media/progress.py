"""What a visitor hears while both clips are made: the phase, and how long it took lately. It never differs by pair."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import connection

from arena.battles.generation import WAITED_S
from arena.battles.models import Turn
from arena.battles.states import UNFINISHED, BattleState, Phase
from arena.battles.work import TurnWork
from arena.common import live

QUEUED: Final = "queued"
GENERATING: Final = "generating"
PREPARING: Final = "preparing"

#: Medians of an arena's latest battles. Of the arena, not of a pair: a waiting time would tell who is waited for.
_MEDIANS: Final = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY whole), percentile_cont(0.5) WITHIN GROUP (ORDER BY prepared)
FROM (
    SELECT extract(epoch FROM max(turn.finished_at - turn.created_at)) AS whole, max(clip.prepared_in_s) AS prepared
    FROM (SELECT * FROM media_clip ORDER BY created_at DESC LIMIT 400) AS clip
    JOIN battles_response AS response ON response.id = clip.response_id
    JOIN battles_turn AS turn ON turn.id = response.turn_id
    JOIN battles_battle AS battle ON battle.id = turn.battle_id
    WHERE battle.arena_id = %s
    GROUP BY turn.id
    ORDER BY max(clip.created_at) DESC
    LIMIT 50
) AS latest
"""


@dataclass(frozen=True, slots=True)
class Progress:
    """One frame's content. `expected_s`: from now until both sides can be heard; None: nothing is known yet."""

    phase: str
    expected_s: float | None


def progress_of(arena_id: int, phase: str, waited_s: float = 0.0) -> Progress:
    """What to expect of a battle of this arena in this phase, `waited_s` after it began."""
    with connection.cursor() as cursor:
        cursor.execute(_MEDIANS, [arena_id])
        whole_s, prepared_s = cursor.fetchone()
    if whole_s is None:
        return Progress(phase, None)
    left_s = float(whole_s) - waited_s if phase != PREPARING else float(prepared_s)
    # A battle that takes longer than most is not done by that: it has at least its preparation before it.
    return Progress(phase, round(max(left_s, float(prepared_s)), 1))


def progress_now(battle_id: UUID) -> Progress | None:
    """How far a battle is, as PostgreSQL has it; None where its clips are made, or never will be."""
    running = Turn.objects.filter(battle_id=battle_id, finished_at=None, battle__state__in=UNFINISHED)
    found = running.annotate(waited_s=WAITED_S).values_list("battle__arena_id", "battle__state", "phase", "waited_s")
    turn = found.order_by("-n").first()
    if turn is None:
        return None
    arena_id, state, phase, waited_s = turn
    begun = PREPARING if phase == Phase.PREPARE.value else GENERATING
    return progress_of(arena_id, QUEUED if state == BattleState.QUEUED.value else begun, float(waited_s))


def tell(work: TurnWork, phase: str) -> None:
    """Tell the open sockets of the battle. Losing it is harmless."""
    told = progress_of(work.arena_id, phase, work.waited_s)
    live.publish_progress(work.battle_id, told.phase, told.expected_s)
