"""`/metrics` for Prometheus: for those who run the arena, and nobody else.

Everything is read from PostgreSQL (and queue lengths from Redis) when it is asked for, so any number of web processes
give the same answer. A scrape reads counters, never the rows that were counted.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from arena.api.health import no_store
from arena.arenas.selectors import slugs_by_id
from arena.battles.gauges import open_battles, running_leases
from arena.common import gauges, heartbeat, metrics
from arena.common.metrics import Counter, Histogram
from arena.integrity.network import is_among, parse_address
from arena.rankings.gauges import board_gauges
from arena.systems.gauges import names_of_versions, tripped_breakers

logger = logging.getLogger(__name__)

#: What proxies add: whoever comes through one is a visitor, whatever address the proxy has.
_FORWARDED: Final = frozenset(
    f"HTTP_{name}"
    for name in ("FORWARDED", "VIA", "X_FORWARDED_FOR", "X_FORWARDED_HOST", "X_FORWARDED_PROTO", "X_REAL_IP")
)


def may_read(request: HttpRequest) -> bool:
    """Whoever sends the token; or a neighbour in a listed network who did not come through a proxy."""
    token, given = settings.ARENA_METRICS_TOKEN, request.headers.get("Authorization", "")
    if token and constant_time_compare(given, f"Bearer {token}"):
        return True
    if _FORWARDED & request.META.keys():
        return False
    return is_among(parse_address(request.META.get("REMOTE_ADDR", "")), settings.ARENA_METRICS_NETWORKS)


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The numbers in the Prometheus text format; 404 for visitors, 503 without a body while the database is away."""
    if not may_read(request):
        raise Http404
    registry = CollectorRegistry(auto_describe=False)
    try:
        registry.register(ArenaCollector())
        text = generate_latest(registry)
    except (DatabaseError, InterfaceError) as error:
        logger.warning("metrics: %s", type(error).__name__)
        return no_store(HttpResponse(status=503, content_type="text/plain"))
    return no_store(HttpResponse(text, content_type=CONTENT_TYPE_LATEST))


class ArenaCollector(Collector):
    """The arena's numbers, read at the time of the scrape."""

    def collect(self) -> Iterable[Metric]:
        """Counters of what happened, then gauges of what is."""
        yield from _counted()
        yield from _battles()
        yield from _breakers()
        yield from _boards()
        yield from _outbox()
        yield from _redis()
        yield from _processes()


# --- What happened -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Names:
    """What the stored ids are called: arenas by slug, versions by arena and system."""

    arenas: Mapping[int, str]
    versions: Mapping[int, tuple[str, str]]

    def labels(self, labels: Sequence[str]) -> list[str]:
        return [shown for label in labels for shown in (("arena", "system") if label == "version" else (label,))]

    def values(self, labels: Sequence[str], values: Sequence[str]) -> tuple[str, ...]:
        shown: list[str] = []
        for label, value in zip(labels, values, strict=True):
            if label == "version":
                shown += self.versions.get(int(value), ("", value))
            else:
                shown.append(self.arenas.get(int(value), value) if label == "arena" else value)
        return tuple(shown)


def _counted() -> Iterable[Metric]:
    stored = metrics.stored()
    by_version = [name for name, metric in metrics.COUNTED.items() if metric.labels[:1] == ("version",)]
    ids = {int(labels[0]) for name in by_version for labels in stored.get(name, ())}
    names = _Names(slugs_by_id(), names_of_versions(ids))
    for name, metric in metrics.COUNTED.items():
        yield _family(metric, names, stored.get(name, {}))


def _family(metric: Counter | Histogram, names: _Names, series: Mapping[tuple[str, ...], list[float]]) -> Metric:
    """The versions of a system are added up: they are one contender."""
    sums: dict[tuple[str, ...], list[float]] = {}
    for values, amounts in series.items():
        shown = names.values(metric.labels, values)
        sums[shown] = [a + b for a, b in zip(sums.get(shown, [0.0] * len(amounts)), amounts, strict=False)]
    labels = names.labels(metric.labels)
    if isinstance(metric, Counter):
        counter = CounterMetricFamily(metric.name, metric.help, labels=labels)
        for shown, amounts in sums.items():
            counter.add_metric(shown, amounts[0])
        return counter
    histogram = HistogramMetricFamily(metric.name, metric.help, labels=labels)
    for shown, amounts in sums.items():
        if len(amounts) == metric.size:
            histogram.add_metric(shown, _buckets(metric, amounts), sum_value=amounts[-1])
    return histogram


def _buckets(metric: Histogram, amounts: Sequence[float]) -> list[tuple[str, float]]:
    bounds = [*map(str, metric.bounds_s), "+Inf"]
    return list(zip(bounds, accumulate(amounts[:-1]), strict=True))


# --- What is -------------------------------------------------------------------------------------------------------


def _battles() -> Iterable[Metric]:
    labels = ["arena", "state"]
    battles = GaugeMetricFamily("arena_open_battles", "Battles whose answers are still to come.", labels=labels)
    oldest = GaugeMetricFamily("arena_open_battles_oldest_seconds", "Age of the oldest of them.", labels=labels)
    for row in open_battles():
        battles.add_metric([row.arena, row.state], row.n)
        oldest.add_metric([row.arena, row.state], row.oldest_s)
    yield battles
    yield oldest
    yield GaugeMetricFamily(
        "arena_leases_running", "Turns that a worker is generating.", value=running_leases().running
    )


def _breakers() -> Iterable[Metric]:
    tripped = GaugeMetricFamily("arena_breaker_tripped", "1 while a system is out.", labels=["arena", "system"])
    for names in tripped_breakers():
        tripped.add_metric(names, 1)
    yield tripped


def _boards() -> Iterable[Metric]:
    votes = CounterMetricFamily("arena_folded_votes", "Votes by what the fold made of them.", labels=["arena", "fate"])
    ages = GaugeMetricFamily("arena_snapshot_age_seconds", "Age of the newest leaderboard.", labels=["arena"])
    for board in board_gauges():
        for fate, n in board.votes.items():
            votes.add_metric([board.arena, fate], n)
        if board.snapshot_age_s is not None:
            ages.add_metric([board.arena], board.snapshot_age_s)
    yield votes
    yield ages


def _outbox() -> Iterable[Metric]:
    outbox = gauges.outbox_gauge()
    yield GaugeMetricFamily("arena_outbox_messages", "Promised tasks not yet sent.", value=outbox.depth)
    yield GaugeMetricFamily("arena_outbox_oldest_seconds", "Age of the oldest of them.", value=outbox.oldest_age_s)


def _redis() -> Iterable[Metric]:
    depths = {name: n for name, n in gauges.queue_depths().items() if n is not None}
    yield GaugeMetricFamily("arena_redis_up", "1 if Redis answers.", value=bool(depths))
    waiting = GaugeMetricFamily("arena_queue_messages", "Messages that wait for a worker.", labels=["queue"])
    for name, n in depths.items():
        waiting.add_metric([name], n)
    yield waiting


def _processes() -> Iterable[Metric]:
    reported = gauges.process_gauges()
    alive = GaugeMetricFamily("arena_processes", "Processes that gave a sign of life.", labels=["kind"])
    for kind, n in reported.processes.items():
        alive.add_metric([kind], n)
    yield alive
    for name, gauge in metrics.GAUGES.items():
        yield GaugeMetricFamily(name, gauge.help, value=reported.gauges.get(name, 0))
    beats = GaugeMetricFamily("arena_heartbeat_age_seconds", "Since the last sign of life.", labels=["part"])
    for part, age_s in heartbeat.ages_s().items():
        beats.add_metric([part], age_s)
    yield beats
