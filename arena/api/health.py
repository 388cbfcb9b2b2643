"""Probes for whoever runs the arena: alive, ready. They say what is wrong in one word, never why."""

import logging
from collections.abc import Callable
from typing import Final

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from arena.common import gauges, heartbeat, live, queue

logger = logging.getLogger(__name__)

#: One worker at least must serve every queue.
REQUIRED: Final = tuple(sorted({f"worker:{doorbell.queue}" for doorbell in queue.DOORBELLS.values()}))
_DOWN: Final = (DatabaseError, InterfaceError, RedisError, ConnectionError)


def no_store(response: HttpResponse) -> HttpResponse:
    """An answer that is true only now."""
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a Django view
    """This process answers. Nothing else is asked, so that a database's trouble restarts no web server."""
    return no_store(JsonResponse({"status": "ok"}))


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
    return no_store(JsonResponse({"checks": checks}, status=200 if all(passed.values()) else 503))
