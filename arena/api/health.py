"""Probes for whoever runs the arena: alive, ready, and numbers. They say what is wrong in one word, never why.

The numbers come from PostgreSQL when they are asked for, so any number of web processes give the same answer.
"""

import logging
from collections.abc import Callable, Iterable
from typing import Final

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from arena.battles.gauges import open_battles
from arena.common import gauges, heartbeat, live, queue
from arena.rankings.gauges import board_gauges

logger = logging.getLogger(__name__)

#: One worker at least must serve every queue.
REQUIRED: Final = tuple(sorted({f"worker:{doorbell.queue}" for doorbell in queue.DOORBELLS.values()}))
_DOWN: Final = (DatabaseError, InterfaceError, RedisError, ConnectionError)


def _no_store(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a Django view
    """This process answers. Nothing else is asked, so that a database's trouble restarts no web server."""
    return _no_store(JsonResponse({"status": "ok"}))


def _redis_answers() -> bool:
    return bool(live.client().ping())


def _workers_beat() -> bool:
    return not heartbeat.silent(REQUIRED, heartbeat.ages_s())


CHECKS: Final[dict[str, Callable[[], bool]]] = {
    "database": gauges.answers,
    "redis": _redis_answers,
    "workers": _workers_beat,
}


def _passes(name: str, check: Callable[[], bool]) -> bool:
    try:
        return check()
    except _DOWN as error:
        logger.warning("readiness of %s: %s", name, type(error).__name__)
        return False


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a Django view
    """Whether battles can be fought here now: 200, or 503 with the part that is missing."""
    passed = {name: _passes(name, check) for name, check in CHECKS.items()}
    checks = {name: "ok" if good else "failed" for name, good in passed.items()}
    return _no_store(JsonResponse({"checks": checks}, status=200 if all(passed.values()) else 503))


class ArenaCollector(Collector):
    """The arena's numbers, read at the time of the scrape."""

    def collect(self) -> Iterable[Metric]:
        """Gauges and counters of battles, votes, boards, outbox and heartbeats."""
        yield from _battles()
        yield from _boards()
        yield from _outbox()
        beats = GaugeMetricFamily("arena_heartbeat_age_seconds", "Since the last sign of life.", labels=["part"])
        for name, age_s in heartbeat.ages_s().items():
            beats.add_metric([name], age_s)
        yield beats


def _battles() -> Iterable[Metric]:
    battles = GaugeMetricFamily("arena_open_battles", "Battles that have not ended.", labels=["arena", "state"])
    for (arena, state), n in open_battles().items():
        battles.add_metric([arena, state], n)
    yield battles


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


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a Django view
    """The numbers in the Prometheus text format; 503 without a body while the database is away."""
    registry = CollectorRegistry(auto_describe=False)
    try:
        registry.register(ArenaCollector())
        text = generate_latest(registry)
    except (DatabaseError, InterfaceError) as error:
        logger.warning("metrics: %s", type(error).__name__)
        return _no_store(HttpResponse(status=503, content_type="text/plain"))
    return _no_store(HttpResponse(text, content_type=CONTENT_TYPE_LATEST))
