"""Reading systems for the public. The list is public; which of them meet in a battle is not."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count

from arena.arenas.models import Arena
from arena.systems.models import System, SystemVersion


@dataclass(frozen=True, slots=True)
class PublicVersion:
    """What the public may know of one version. An allow-list: endpoints and parameters stay inside."""

    number: int
    organisation: str
    access: str
    licence: str
    links: dict[str, str]
    context_tokens: int | None
    price_in_usd_per_mtok: Decimal
    price_out_usd_per_mtok: Decimal
    release_outputs: bool
    created_at: datetime
    retired_at: datetime | None


@dataclass(frozen=True, slots=True)
class PublicSystem:
    """A contender with its versions, the newest first. A retired system keeps its place in the list."""

    arena: str
    name: str
    is_paused: bool
    versions: tuple[PublicVersion, ...]

    @property
    def newest(self) -> PublicVersion:
        """The current version, or the last one of a retired system."""
        return self.versions[0]

    @property
    def is_retired(self) -> bool:
        """Whether no version of it is drawn any more."""
        return all(version.retired_at is not None for version in self.versions)


def _public(version: SystemVersion) -> PublicVersion:
    return PublicVersion(**{name: getattr(version, name) for name in PublicVersion.__slots__})


def public_systems(arena: Arena | None = None) -> list[PublicSystem]:
    """Every system ever registered in `arena` (or in every open arena), by name. One query."""
    rows = SystemVersion.objects.select_related("system__arena").filter(system__arena__is_open=True)
    if arena is not None:
        rows = rows.filter(system__arena=arena)
    versions: dict[System, list[PublicVersion]] = defaultdict(list)
    for row in rows.order_by("system__arena_id", "system__name", "-number"):
        versions[row.system].append(_public(row))
    return [
        PublicSystem(arena=system.arena.slug, name=system.name, is_paused=system.is_paused, versions=tuple(of))
        for system, of in versions.items()
    ]


def system_counts() -> dict[int, int]:
    """Arena id → how many systems may be drawn there now. One query, whatever the number of arenas."""
    counted = (
        SystemVersion.objects.filter(retired_at=None, system__is_paused=False)
        .values("system__arena_id")
        .annotate(n=Count("id"))
    )
    return {row["system__arena_id"]: row["n"] for row in counted}
