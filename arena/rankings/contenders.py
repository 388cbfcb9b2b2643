"""Who stands on a board: versions of one system that behave alike are one contender."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from arena.systems.models import SystemVersion


class VersionRow(NamedTuple):
    """What a board needs to know of a system version."""

    id: int
    system_id: int
    name: str
    number: int
    behaviour: str
    created_at: datetime
    retired_at: datetime | None


@dataclass(frozen=True, slots=True)
class Contender:
    """Versions of one system that behave alike and share a rating; ids ascending.

    `name` is the system's; a retired contender's says which version it was, as its system may be on the board again.
    """

    versions: tuple[int, ...]
    name: str

    @property
    def newest(self) -> int:
        """The version that stands for all."""
        return self.versions[-1]


def contenders_of(versions: Iterable[VersionRow], tallied: Iterable[int]) -> list[Contender]:
    """Pool versions by system and behaviour; a change of price or licence keeps a rating, one of behaviour does not.

    Args:
        versions: all versions of an arena, by id.
        tallied: ids of versions with votes. A contender without any, and without a current version, is left out.
    """
    voted = set(tallied)
    alike: dict[tuple[int, str], list[VersionRow]] = {}
    for version in versions:
        alike.setdefault((version.system_id, version.behaviour), []).append(version)
    return [
        Contender(tuple(version.id for version in group), _named(group[-1]))
        for group in alike.values()
        if any(version.retired_at is None or version.id in voted for version in group)
    ]


def _named(version: VersionRow) -> str:
    return version.name if version.retired_at is None else f"{version.name} v{version.number}"


def name_of(version: SystemVersion) -> str:
    """The name of a contender whose newest version this is."""
    return version.system.name if version.retired_at is None else f"{version.system.name} v{version.number}"


def rows_of(contenders: Sequence[Contender]) -> dict[int, int]:
    """Version → row of its contender."""
    return {version: row for row, contender in enumerate(contenders) for version in contender.versions}


def versions_of(arena_id: int, as_of: datetime | None = None, voted: Iterable[int] = ()) -> list[VersionRow]:
    """All versions of an arena by id; with `as_of`, as they were then. One query.

    voted: versions that must be there: a simulation may date its votes before their systems.
    """
    rows = SystemVersion.objects.filter(system__arena_id=arena_id).order_by("id")
    names = ("id", "system_id", "system__name", "number", "behaviour", "created_at", "retired_at")
    found = [VersionRow(*row) for row in rows.values_list(*names)]
    if as_of is None:
        return found
    known = set(voted)
    return [
        version._replace(retired_at=None) if version.retired_at and version.retired_at > as_of else version
        for version in found
        if version.created_at <= as_of or version.id in known
    ]


def digest_of(versions: Iterable[VersionRow]) -> str:
    """Changes when another version, or another retirement, could change a board."""
    described = [[version.id, version.behaviour, version.retired_at is None] for version in versions]
    return hashlib.sha256(json.dumps(described).encode()).hexdigest()
