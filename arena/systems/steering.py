"""What takes a version out of the pool and lets it in again: pause, daily budget, breaker.

A budget is kept by reservations. Before a pair is stored, both versions' rows are locked, and each must have room for
what its answer may cost at most, besides what was spent today and what running calls have reserved. So parallel draws
see each other, and a day costs more than its budget only by what follow-ups of battles that run already cost.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, timedelta
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.db.models.functions import Now, TruncDay

from arena.systems import breaker, usage
from arena.systems.breaker import Breaker, BreakerState
from arena.systems.models import Health, Reservation, System, SystemEvent, SystemVersion, Usage

#: A reservation or a probe counts this long at most: the longest turn with all its retries.
HOLD_S: Final = 600.0


# --- The pool ------------------------------------------------------------------------------------------------------


def budget_usd(version: SystemVersion) -> Decimal | None:
    """What this version may cost in a UTC day; None: no limit."""
    own = version.system.daily_budget_usd
    default: Decimal | None = settings.ARENA_DAILY_BUDGET_USD
    return default if own is None else own


def unavailable(costs_usd: Mapping[SystemVersion, Decimal]) -> frozenset[int]:
    """Ids of the versions that may not be called now, given what a call may cost at most. At most three queries."""
    ids = [version.pk for version in costs_usd]
    tripped: Any = Health.objects.filter(version_id__in=ids).exclude(state=BreakerState.CLOSED.value)
    closed_to_calls = {row.version_id for row in tripped.annotate(now=Now()) if not _admits(row)}
    return frozenset(closed_to_calls | _without_room(costs_usd))


def _admits(health: Any) -> bool:
    return breaker.admits(usage.breaker_of(health), health.now, usage.rules())


def _limited(costs_usd: Mapping[SystemVersion, Decimal]) -> dict[int, tuple[Decimal, Decimal]]:
    """Version id → (budget, most it may cost now) of the versions that can run out of budget."""
    budgets = {version: budget_usd(version) for version in costs_usd}
    return {
        version.pk: (budget, costs_usd[version])
        for version, budget in budgets.items()
        if budget is not None and costs_usd[version]
    }


def _without_room(costs_usd: Mapping[SystemVersion, Decimal]) -> set[int]:
    limited = _limited(costs_usd)
    if not limited:
        return set()
    spent, reserved = spent_today_usd(limited), reserved_usd(limited)
    return {
        version_id
        for version_id, (budget, cost) in limited.items()
        if spent.get(version_id, Decimal(0)) + reserved.get(version_id, Decimal(0)) + cost > budget
    }


def spent_today_usd(version_ids: Iterable[int]) -> dict[int, Decimal]:
    """Version id → what it cost since midnight UTC, by the database's clock."""
    today = Usage.objects.filter(version_id__in=list(version_ids), hour__gte=TruncDay(Now(), tzinfo=UTC))
    return dict(today.exclude(outcome=usage.SIMULATED).values_list("version_id").annotate(usd=Sum("cost_usd")))


def reserved_usd(version_ids: Iterable[int]) -> dict[int, Decimal]:
    """Version id → what its running calls may still cost."""
    running = Reservation.objects.filter(version_id__in=list(version_ids), expires_at__gt=Now())
    return dict(running.values_list("version_id").annotate(usd=Sum("cost_usd")))


def take(costs_usd: Mapping[SystemVersion, Decimal], holder: str) -> frozenset[int]:
    """Reserve budget and probes for a pair that was just drawn, all or nothing, inside the draw's transaction.

    Returns:
        The versions that cannot be had any more; empty where everything was taken.
    """
    ids = [version.pk for version in costs_usd]
    tripped = Health.objects.filter(version_id__in=ids).exclude(state=BreakerState.CLOSED.value)
    if not _limited(costs_usd) and not tripped.exists():
        return frozenset()
    healths = usage.locked(ids)
    lost = {version_id for version_id, health in healths.items() if not _admits(health)} | _without_room(costs_usd)
    if lost:
        return frozenset(lost)
    for health in healths.values():
        usage.keep(health, breaker.probed(usage.breaker_of(health), health.now, HOLD_S))  # type: ignore[attr-defined]
    hold(costs_usd, holder)
    return frozenset()


def hold(costs_usd: Mapping[SystemVersion, Decimal], holder: str) -> None:
    """Reserve without asking, for calls that are bound to be made: a follow-up, a turn taken over."""
    limited = _limited(costs_usd)
    if limited:
        expires_at = Now() + timedelta(seconds=HOLD_S)
        Reservation.objects.bulk_create(
            [
                Reservation(version_id=version_id, holder=holder, cost_usd=cost, expires_at=expires_at)
                for version_id, (_budget, cost) in sorted(limited.items())
            ],
            update_conflicts=True,
            unique_fields=["holder", "version"],
            update_fields=["cost_usd", "expires_at"],
        )


def release(holder: str) -> None:
    """The calls of this holder have ended."""
    Reservation.objects.filter(holder=holder).delete()


def purge_reservations() -> int:
    """Forget reservations of holders that never ended; returns how many. Called by the periodic sweep."""
    return Reservation.objects.filter(expires_at__lt=Now()).delete()[0]


# --- The operator's hand -------------------------------------------------------------------------------------------


@transaction.atomic
def pause(system: System) -> bool:
    """Draw this system no more; running battles end as they are. Returns whether it was not paused before."""
    return _switch(system, paused=True)


@transaction.atomic
def resume(system: System) -> bool:
    """Draw this system again. Returns whether it was paused."""
    return _switch(system, paused=False)


def _switch(system: System, *, paused: bool) -> bool:
    switched = System.objects.filter(pk=system.pk, is_paused=not paused).update(is_paused=paused)
    if switched:
        kind = SystemEvent.Kind.PAUSED if paused else SystemEvent.Kind.RESUMED
        SystemEvent.objects.create(system=system, kind=kind)
    return bool(switched)


@transaction.atomic
def close_breaker(version: SystemVersion) -> bool:
    """Forget the failures of this version. Returns whether its breaker was open."""
    (health,) = usage.locked([version.pk]).values()
    was_open = health.state != BreakerState.CLOSED.value
    usage.keep(health, Breaker())
    return was_open
