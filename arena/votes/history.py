"""A voter's own battles, as a list: blind until each has its vote. Three queries, whatever the length."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from arena.accounts.models import Voter
from arena.battles.models import Battle, Turn
from arena.battles.selectors import battles_of
from arena.battles.states import SIDES, BattleState, Side
from arena.votes.models import Vote


@dataclass(frozen=True, slots=True)
class Entry:
    """One battle in the list. `outcome` and `systems` are there after the vote only."""

    id: uuid.UUID
    arena: str
    arena_name: str
    state: str
    reason: str
    created_at: datetime
    prompt: str
    turns: int
    outcome: str | None
    systems: dict[Side, str] | None


@dataclass(frozen=True, slots=True)
class History:
    """A page of the list; `next_before` asks for the next one."""

    entries: tuple[Entry, ...]
    next_before: datetime | None


def history_of(voter: Voter, *, limit: int, before: datetime | None = None) -> History:
    """The voter's battles, newest first: at most `limit`, all older than `before`."""
    battles = battles_of(voter, limit=limit + 1, before=before)
    shown, more = battles[:limit], len(battles) > limit
    turns = _turns(shown)
    voted = _voted(battle.id for battle in shown if battle.state == BattleState.VOTED.value)
    entries = tuple(_entry(battle, turns.get(battle.id, []), voted.get(battle.id)) for battle in shown)
    return History(entries, shown[-1].created_at if more else None)


def _turns(battles: list[Battle]) -> dict[uuid.UUID, list[str]]:
    prompts: dict[uuid.UUID, list[str]] = {}
    for turn in Turn.objects.filter(battle__in=battles).order_by("n"):
        prompts.setdefault(turn.battle_id, []).append(turn.prompt)
    return prompts


def _voted(battle_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Vote]:
    votes = Vote.objects.filter(battle_id__in=list(battle_ids)).select_related(
        *(f"battle__pairing__{side}__system" for side in SIDES)
    )
    return {vote.battle_id: vote for vote in votes}


def _entry(battle: Battle, prompts: list[str], vote: Vote | None) -> Entry:
    pairing = vote.battle.pairing if vote else None
    return Entry(
        id=battle.id,
        arena=battle.arena.slug,
        arena_name=battle.arena.name,
        state=battle.state,
        reason=battle.reason,
        created_at=battle.created_at,
        prompt=prompts[0] if prompts else "",
        turns=len(prompts),
        outcome=vote.outcome if vote else None,
        systems={side: getattr(pairing, side).system.name for side in SIDES} if pairing else None,
    )
