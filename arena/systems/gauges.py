"""What an operator watches about systems."""

from collections.abc import Iterable

from arena.systems.breaker import BreakerState
from arena.systems.models import Health, SystemVersion


def names_of_versions(ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Version id → slug of its arena and name of its system."""
    rows = SystemVersion.objects.filter(id__in=list(ids)).values_list("id", "system__arena__slug", "system__name")
    return {version_id: (slug, name) for version_id, slug, name in rows}


def tripped_breakers() -> list[tuple[str, str]]:
    """Arena and system of every current version that is out of the pool because it failed too often."""
    tripped = Health.objects.exclude(state=BreakerState.CLOSED.value).filter(version__retired_at=None)
    return list(tripped.values_list("version__system__arena__slug", "version__system__name"))
