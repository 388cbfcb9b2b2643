"""GET /healthz and /readyz."""

import logging
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db import OperationalError
from django.db.models.functions import Now
from django.test import Client

from arena.api import health
from arena.common import gauges, heartbeat, live, outbox
from arena.common.models import Heartbeat


@pytest.fixture
def beating(db: None) -> None:
    """Every worker gave a sign of life."""
    for name in health.REQUIRED:
        heartbeat.beat(name)


def _away(*_args: Any) -> Any:
    raise OperationalError("password=hunter2")


def test_a_process_that_answers_is_alive_whatever_the_database_does(monkeypatch: pytest.MonkeyPatch) -> None:
    # No `db` fixture: a query would fail this test.
    response = Client().get("/healthz")

    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


def test_every_queue_of_the_doorbells_needs_a_worker() -> None:
    assert set(health.REQUIRED) == {"worker:cpu", "worker:periodic", "worker:streams"}


def test_with_database_redis_and_workers_the_arena_is_ready(valkey: Any, beating: None) -> None:
    response = Client().get("/readyz")

    assert response.status_code == 200
    assert response.json() == {"checks": {"database": "ok", "redis": "ok", "workers": "ok"}}


def test_a_silent_worker_of_one_queue_makes_it_unready(valkey: Any, beating: None) -> None:
    Heartbeat.objects.filter(name="worker:cpu").update(beat_at=Now() - timedelta(seconds=heartbeat.STALE_S + 1))

    response = Client().get("/readyz")

    assert response.status_code == 503
    assert response.json() == {"checks": {"database": "ok", "redis": "ok", "workers": "failed"}}


def test_redis_away_makes_it_unready(beating: None, monkeypatch: pytest.MonkeyPatch) -> None:
    away = redis.Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=0.2)
    monkeypatch.setattr(live, "client", lambda: away)

    response = Client().get("/readyz")

    assert response.status_code == 503
    assert response.json()["checks"]["redis"] == "failed"
    away.close()


def test_the_database_away_makes_it_unready_and_the_answer_says_no_more(
    valkey: Any, beating: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(health.CHECKS, "database", _away)
    monkeypatch.setattr(heartbeat, "ages_s", _away)

    with caplog.at_level(logging.WARNING):
        response = Client().get("/readyz")

    assert response.status_code == 503
    assert response.json() == {"checks": {"database": "failed", "redis": "ok", "workers": "failed"}}
    assert "hunter2" not in caplog.text


def test_the_probes_are_not_redirected_to_tls(valkey: Any, beating: None, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True

    assert [Client().get(path).status_code for path in ("/healthz", "/readyz", "/metrics")] == [200, 200, 200]
    assert Client().get("/api/v1/arenas").status_code == 301


def test_the_outbox_gauge_grows_with_what_waits(db: None) -> None:
    from django.db import transaction

    assert gauges.outbox_gauge() == gauges.OutboxGauge(0, 0.0)
    with transaction.atomic():
        outbox.enqueue("arena.refresh_board", 1)

    assert gauges.outbox_gauge().depth == 1
