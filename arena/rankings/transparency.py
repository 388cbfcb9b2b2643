"""Everything about an arena that anybody may check: who ever entered, how pairs were drawn, which votes count."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from arena.arenas.models import Arena
from arena.rankings.draws import ChiSquared, drawn_as_logged, fair_sides
from arena.rankings.models import DrawMark, DrawSum, FoldWatermark
from arena.rankings.tallying import read
from arena.systems.models import SystemEvent, SystemVersion

#: Fewer draws say nothing about a sampler.
FEWEST_DRAWS: Final = 30


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to a system."""

    kind: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One system version ever entered. draws: battles for which it was drawn; share: of all places in them.

    expected: draws by the logged probabilities. votes: counted ones. events: of its system, oldest first.
    """

    system: str
    version: int
    organisation: str
    access: str
    licence: str
    entered_at: datetime
    retired_at: datetime | None
    is_paused: bool
    draws: int
    share: float | None
    expected: float
    votes: int
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Provider:
    """The sum of an organisation's entries."""

    organisation: str
    versions: int
    draws: int
    share: float | None
    votes: int


@dataclass(frozen=True, slots=True)
class Transparency:
    """draws: counted so far, a minute late; sampling, sides: tests of the draws, None where there is nothing to test.

    votes: all that are folded; excluded: class → votes left out.
    """

    arena: str
    draws: int
    sampling: ChiSquared | None
    sides: ChiSquared | None
    votes: int
    counted: int
    simulated: int
    excluded: dict[str, int]
    entries: tuple[Entry, ...]
    providers: tuple[Provider, ...]


def transparency_of(arena: Arena) -> Transparency:
    """The report, in six queries, whatever the number of systems and battles."""
    mark = DrawMark.objects.filter(arena=arena).first() or DrawMark(arena=arena)
    watermark = FoldWatermark.objects.filter(arena=arena).first() or FoldWatermark(arena=arena)
    sums = {(row.first_id, row.second_id): row for row in DrawSum.objects.filter(arena=arena)}
    entries = _entries(arena, sums, mark.draws)
    return Transparency(
        arena=arena.slug,
        draws=mark.draws,
        sampling=_sampling(sums, mark.draws),
        sides=_sides(sums, mark.draws),
        votes=watermark.counted + sum(watermark.excluded.values()),
        counted=watermark.counted,
        simulated=watermark.simulated,
        excluded=dict(watermark.excluded),
        entries=entries,
        providers=_providers(entries, mark.draws),
    )


def _entries(arena: Arena, sums: dict[tuple[int, int], DrawSum], draws: int) -> tuple[Entry, ...]:
    votes, events = _votes(arena), _events(arena)
    versions = SystemVersion.objects.filter(system__arena=arena).select_related("system")
    found = []
    for version in versions.order_by("system__name", "number"):
        own = sums.get((version.pk, version.pk)) or DrawSum()
        found.append(
            Entry(
                system=version.system.name,
                version=version.number,
                organisation=version.organisation,
                access=version.access,
                licence=version.licence,
                entered_at=version.created_at,
                retired_at=version.retired_at,
                is_paused=version.system.is_paused,
                draws=own.observed,
                share=own.observed / (2 * draws) if draws else None,
                expected=own.expected,
                votes=votes.get(version.pk, 0),
                events=tuple(events.get(version.system_id, ())),
            )
        )
    return tuple(found)


def _votes(arena: Arena) -> dict[int, int]:
    tallied = read(arena.pk)
    votes: dict[int, int] = defaultdict(int)
    for side in (tallied.left, tallied.right):
        for version, n in zip(side.tolist(), tallied.counts.sum(axis=0).tolist(), strict=True):
            votes[version] += n
    return votes


def _events(arena: Arena) -> dict[int, list[Event]]:
    events: dict[int, list[Event]] = defaultdict(list)
    rows = SystemEvent.objects.filter(system__arena=arena).exclude(kind=SystemEvent.Kind.REGISTERED).order_by("id")
    for system_id, kind, at in rows.values_list("system_id", "kind", "created_at"):
        events[system_id].append(Event(kind, at))
    return events


def _sampling(sums: dict[tuple[int, int], DrawSum], draws: int) -> ChiSquared | None:
    if draws < FEWEST_DRAWS:
        return None
    place = {first: n for n, first in enumerate(sorted({pair[0] for pair in sums if pair[0] == pair[1]}))}
    observed, expected = np.zeros(len(place)), np.zeros(len(place))
    covariance = np.zeros((len(place), len(place)))
    for (first, second), row in sums.items():
        i, j = place[first], place[second]
        covariance[i, j] = covariance[j, i] = row.expected - row.product
        if i == j:
            observed[i], expected[i] = row.observed, row.expected
    return drawn_as_logged(observed, expected, covariance)


def _sides(sums: dict[tuple[int, int], DrawSum], draws: int) -> ChiSquared | None:
    if draws < FEWEST_DRAWS:
        return None
    return fair_sides(sum(row.first_left for pair, row in sums.items() if pair[0] != pair[1]), draws)


def _providers(entries: tuple[Entry, ...], draws: int) -> tuple[Provider, ...]:
    grouped: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        grouped[entry.organisation].append(entry)
    found = []
    for organisation, own in grouped.items():
        drawn = sum(entry.draws for entry in own)
        share = drawn / (2 * draws) if draws else None
        found.append(Provider(organisation, len(own), drawn, share, sum(entry.votes for entry in own)))
    return tuple(sorted(found, key=lambda one: (-one.draws, one.organisation)))
