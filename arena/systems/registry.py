"""From a systems file to rows: first a plan that can be looked at, then one transaction.

Exception
├── SystemsFileInvalid   (systems_file) the file itself is wrong
├── ArenaFixed           the file contradicts what an arena can never change
└── PlanOutdated         somebody else registered systems since the plan was made
"""

import hashlib
import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from django.db import transaction
from django.db.models.functions import Now

from arena.arenas.models import Arena
from arena.common import outbox, queue
from arena.systems.entries import AnyEntry
from arena.systems.models import System, SystemEvent, SystemVersion
from arena.systems.systems_file import ArenaEntry, SystemsFile, SystemsFileInvalid, read_file

__all__ = [
    "ArenaFixed",
    "Change",
    "Kind",
    "Plan",
    "PlanOutdated",
    "SystemsFileInvalid",
    "apply",
    "exists",
    "plan",
    "read_file",
]

_VERSION_FIELDS: Final = (
    "organisation",
    "access",
    "licence",
    "links",
    "backend",
    "endpoint",
    "parameters",
    "signature",
    "context_tokens",
    "price_in_usd_per_mtok",
    "price_out_usd_per_mtok",
    "energy_wh_per_mtok",
    "training_data",
    "release_outputs",
)
# Of an endpoint, what decides only where and how fast: the same outputs come from another folder, at another pace.
_NOT_BEHAVIOUR: Final = frozenset({"path", "tokens_per_second", "ttft_s", "api_key_env"})


class ArenaFixed(Exception):
    """The file contradicts what an arena can never change."""


class PlanOutdated(Exception):
    """Somebody else registered systems since the plan was made; plan again."""


class Kind(StrEnum):
    """What happens to one system."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one system: field → (stored, in the file). `steering` makes no version."""

    kind: Kind
    name: str
    diff: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    steering: dict[str, tuple[Any, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """What registering a file would do."""

    file: SystemsFile
    arena_is_new: bool
    arena_diff: dict[str, tuple[Any, Any]]
    changes: tuple[Change, ...]

    @property
    def changes_something(self) -> bool:
        """Whether applying it, without retiring anything, would write a row."""
        steers = any(change.kind in (Kind.NEW, Kind.CHANGED) or change.steering for change in self.changes)
        return self.arena_is_new or bool(self.arena_diff) or steers


def behaviour_of(values: dict[str, Any]) -> str:
    """SHA-256 over everything that can change an output: backend, endpoint, parameters, signature.

    Prices, licence and links are not in it: a cheaper system answers as before and keeps its rating.
    """
    endpoint = {name: value for name, value in values["endpoint"].items() if name not in _NOT_BEHAVIOUR}
    described = [values["backend"], endpoint, values["parameters"], values["signature"]]
    canonical = json.dumps(described, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def exists(slug: str) -> bool:
    """Whether there is an arena of this name."""
    return Arena.objects.filter(slug=slug).exists()


def plan(file: SystemsFile) -> Plan:
    """What registering this file would do. Reads only.

    Raises:
        ArenaFixed: the file says another modality or `demo` than the arena has.
    """
    arena = Arena.objects.filter(slug=file.arena.arena).first()
    current = {version.system.name: version for version in _current(arena)}
    changes = [_change(entry, current.get(entry.name)) for entry in file.systems]
    named = {entry.name for entry in file.systems}
    missing = [Change(Kind.MISSING, name) for name in current if name not in named]
    return Plan(file, arena is None, _arena_diff(file.arena, arena), (*changes, *missing))


@transaction.atomic
def apply(made: Plan, *, retire_missing: bool = False) -> Arena:
    """Carry out a plan, all or nothing.

    Raises:
        PlanOutdated: the plan no longer fits what is stored.
    """
    arena, _created = Arena.objects.get_or_create(
        slug=made.file.arena.arena, defaults=_arena_defaults(made.file.arena)
    )
    # Two registrations of one arena wait for each other here.
    Arena.objects.select_for_update().get(pk=arena.pk)
    if plan(made.file).changes != made.changes:
        raise PlanOutdated("the systems have changed since the plan was made; run the command again")
    if made.arena_diff:
        Arena.objects.filter(pk=arena.pk).update(**{name: new for name, (_old, new) in made.arena_diff.items()})
    entries = {entry.name: entry for entry in made.file.systems}
    for change in made.changes:
        if change.kind is Kind.MISSING:
            if retire_missing:
                _retire(arena, change.name)
        else:
            _store(arena, entries[change.name], change)
    # The leaderboard lists who takes part, also before the first vote on a newcomer.
    outbox.enqueue(queue.REFRESH_BOARD, arena.pk)
    arena.refresh_from_db()
    return arena


# --- Planning ------------------------------------------------------------------------------------------------------


def _current(arena: Arena | None) -> list[SystemVersion]:
    versions = SystemVersion.objects.filter(system__arena=arena, retired_at=None).select_related("system")
    return list(versions.order_by("system__name")) if arena else []


def _change(entry: AnyEntry, stored: SystemVersion | None) -> Change:
    if stored is None:
        return Change(Kind.NEW, entry.name)
    values = _values(entry)
    diff = {
        name: (getattr(stored, name), values[name])
        for name in _VERSION_FIELDS
        if getattr(stored, name) != values[name]
    }
    steering = {
        name: (getattr(stored.system, name), value)
        for name, value in _steering(entry).items()
        if getattr(stored.system, name) != value
    }
    return Change(Kind.CHANGED if diff else Kind.UNCHANGED, entry.name, diff, steering)


def _steering(entry: AnyEntry) -> dict[str, Any]:
    """What the file says about drawing the system; a budget that it leaves out stays as the admin set it."""
    budget = {} if entry.daily_budget_usd is None else {"daily_budget_usd": entry.daily_budget_usd}
    return {"weight": entry.weight, **budget}


def _values(entry: AnyEntry) -> dict[str, Any]:
    """The fields of a version, as the database gives them back."""
    endpoint = entry.endpoint() | ({"limits": dict(entry.limits)} if entry.limits else {})
    return {
        "organisation": entry.organisation,
        "access": entry.access,
        "licence": entry.licence,
        "links": dict(entry.links),
        "backend": entry.backend,
        "endpoint": endpoint,
        "parameters": dict(entry.parameters),
        "signature": dict(entry.signature),
        "context_tokens": entry.context_tokens,
        "price_in_usd_per_mtok": entry.price_in,
        "price_out_usd_per_mtok": entry.price_out,
        "energy_wh_per_mtok": entry.energy_wh_per_mtok,
        "training_data": entry.training_data,
        "release_outputs": entry.release_outputs,
    }


def _arena_defaults(entry: ArenaEntry) -> dict[str, Any]:
    return {
        "name": entry.arena_name or entry.arena.replace("-", " ").capitalize(),
        "description": entry.arena_description or "",
        "modality": entry.modality,
        "is_demo": bool(entry.demo),
        "suggestions": entry.suggestions or [],
        **{name: value for name, value in _listing(entry).items() if value is not None},
    }


def _listing(entry: ArenaEntry) -> dict[str, int | None]:
    return {"listed_from_votes": entry.listed_from_votes, "settled_from_votes": entry.settled_from_votes}


def _arena_diff(entry: ArenaEntry, arena: Arena | None) -> dict[str, tuple[Any, Any]]:
    if arena is None:
        return {}
    if arena.modality != entry.modality or entry.demo not in (None, arena.is_demo):
        raise ArenaFixed(
            f"arena {arena.slug!r} has modality {arena.modality} and demo {str(arena.is_demo).lower()}; "
            "neither can change, because its votes were cast under them"
        )
    texts = {"name": entry.arena_name, "description": entry.arena_description, "suggestions": entry.suggestions}
    return {
        name: (getattr(arena, name), value)
        for name, value in {**texts, **_listing(entry)}.items()
        if value is not None and value != getattr(arena, name)
    }


# --- Writing -------------------------------------------------------------------------------------------------------


def _store(arena: Arena, entry: AnyEntry, change: Change) -> None:
    system, created = System.objects.get_or_create(arena=arena, name=entry.name, defaults=_steering(entry))
    if not created:
        System.objects.filter(pk=system.pk).update(**_steering(entry))
    if change.kind is Kind.UNCHANGED:
        return
    values = _values(entry)
    newest = SystemVersion.objects.filter(system=system).order_by("-number").values_list("number", flat=True).first()
    _retire(arena, entry.name)
    version = SystemVersion.objects.create(
        system=system, number=(newest or 0) + 1, behaviour=behaviour_of(values), **values
    )
    SystemEvent.objects.create(system=system, version=version, kind=SystemEvent.Kind.REGISTERED)


def _retire(arena: Arena, name: str) -> None:
    current = SystemVersion.objects.filter(system__arena=arena, system__name=name, retired_at=None)
    for version in current:
        SystemEvent.objects.create(system_id=version.system_id, version=version, kind=SystemEvent.Kind.RETIRED)
    current.update(retired_at=Now())
