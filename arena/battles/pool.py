"""Battles that are ready before anybody asks for them: what is in the pool, and who gets it.

The oldest fresh battle of the very prompt and requirement goes to whoever asks first. Nothing about the visitor and
nothing about the pair decides which one: its propensity is that of its draw.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from arena.arenas.models import Arena
from arena.battles.models import Battle, Prefetched
from arena.battles.states import UNFINISHED, BattleState
from arena.systems.models import SystemVersion


def wanted(arena: Arena) -> int:
    """How many battles are kept ready for each suggested prompt of the arena."""
    return int(settings.ARENA_PREFETCH.get(arena.modality, 0)) if arena.is_open else 0


def untaken(arena: Arena) -> QuerySet[Prefetched]:
    """What the pool holds, whatever its state."""
    return Prefetched.objects.filter(arena=arena, taken_at=None)


def fresh(arena: Arena) -> QuerySet[Prefetched]:
    """What may be handed out: ready, not old, and of two systems that still take part as they were then."""
    taking_part = SystemVersion.objects.filter(retired_at=None, system__is_paused=False).values("id")
    return untaken(arena).filter(
        battle__state=BattleState.READY.value,
        battle__pairing__left__in=taking_part,
        battle__pairing__right__in=taking_part,
        created_at__gt=Now() - timedelta(seconds=settings.ARENA_PREFETCHED_FRESH_S),
    )


def take(wish: Battle, prompt: str) -> Battle | None:
    """Give a battle of the pool to the voter of `wish`, an unsaved battle; inside the transaction that would save it.

    Returns:
        The battle, the voter's from now on, with the consent and the key of the wish; None where none is ready.
    """
    arena: Arena = wish.arena
    if not wanted(arena) or prompt not in arena.suggestions:
        return None
    # What was read from the prompt is the same; words may have been written since.
    same = (
        {"battle__requirement__asked": wish.requirement["asked"]}
        if "asked" in wish.requirement
        else {"battle__requirement": wish.requirement}
    )
    ready = fresh(arena).filter(prompt=prompt, **same).order_by("created_at", "battle_id")
    found = ready.select_for_update(skip_locked=True, of=("self",)).values_list("battle_id", flat=True).first()
    if found is None:
        return None
    # For its voter the battle begins now: its place in the list, its week in a release, its day until it ends.
    changes: dict[str, Any] = {"created_at": Now(), "state_changed_at": Now()}
    given = {"voter": wish.voter, "publication": wish.publication, "idempotency_key": wish.idempotency_key}
    if not Battle.objects.filter(id=found, state=BattleState.READY.value).update(**given, **changes):
        # It was let go of since it was found.
        return None
    Prefetched.objects.filter(battle_id=found).update(taken_at=Now())
    return Battle.objects.select_related("arena").get(id=found)


def stale(arena: Arena) -> QuerySet[Prefetched]:
    """What will not be handed out any more: ready once, but old, or of a system or a prompt that has gone."""
    outdated = untaken(arena).filter(battle__state=BattleState.READY.value)
    return outdated.filter(~Q(battle_id__in=fresh(arena).values("battle_id")) | ~Q(prompt__in=arena.suggestions))


def is_idle() -> bool:
    """Whether no battle is being made in any arena: what nobody asked for must not keep a visitor waiting."""
    return not Battle.objects.filter(state__in=UNFINISHED).exists()
