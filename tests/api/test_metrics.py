"""GET /metrics: who may read it, and what it tells."""

import re
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families

from arena.api import metrics as page
from arena.battles.models import Battle
from arena.common import heartbeat, live, measures, metrics
from arena.common.models import MetricSeries, OutboxMessage, ProcessReport
from arena.systems.models import SystemVersion
from tests.api.callers import Program


@pytest.fixture(autouse=True)
def _nothing_counted_before() -> None:
    metrics._forget()


def _samples(client: Client) -> dict[str, float]:
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain")
    return {
        f"{sample.name}{sorted(sample.labels.values())}": sample.value
        for family in text_string_to_metric_families(response.content.decode())
        for sample in family.samples
    }


# --- Who may read it -----------------------------------------------------------------------------------------------

TOKEN = "t" * 32


@pytest.mark.parametrize(
    ("peer", "headers", "allowed"),
    [
        ("127.0.0.1", {}, True),
        ("::1", {}, True),
        ("203.0.113.9", {}, False),
        ("10.0.0.7", {}, False),
        # A visitor who comes through a proxy on this machine.
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}, False),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, False),
        ("127.0.0.1", {"X-Forwarded-Proto": "https"}, False),
        ("127.0.0.1", {"Via": "1.1 caddy"}, False),
        ("127.0.0.1", {"Forwarded": "for=127.0.0.1"}, False),
        # The token opens it from anywhere, through a proxy too.
        ("203.0.113.9", {"Authorization": f"Bearer {TOKEN}"}, True),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9", "Authorization": f"Bearer {TOKEN}"}, True),
        ("203.0.113.9", {"Authorization": f"Bearer {TOKEN}x"}, False),
        ("203.0.113.9", {"Authorization": TOKEN}, False),
        ("", {}, False),
    ],
)
def test_neighbours_and_holders_of_the_token_may_read_it_and_nobody_else(
    db: None, settings: Any, peer: str, headers: dict[str, str], allowed: bool
) -> None:
    settings.ARENA_METRICS_TOKEN = TOKEN
    answer = Client().get("/metrics", headers=headers, REMOTE_ADDR=peer)
    assert answer.status_code == (200 if allowed else 404)
    assert (b"arena_" in answer.content) == allowed


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer"])
def test_without_a_token_of_the_site_an_empty_one_opens_nothing(db: None, settings: Any, given: str) -> None:
    settings.ARENA_METRICS_TOKEN = ""
    answer = Client().get("/metrics", headers={"Authorization": given}, REMOTE_ADDR="203.0.113.9")
    assert answer.status_code == 404


def test_a_listed_network_may_read_it(db: None, settings: Any) -> None:
    settings.ARENA_METRICS_NETWORKS = ["10.0.0.0/8", "unix"]
    assert [Client().get("/metrics", REMOTE_ADDR=peer).status_code for peer in ("10.1.2.3", "", "127.0.0.1")] == [
        *(200, 200, 404)
    ]


def test_a_trusted_proxy_does_not_open_it_for_its_visitors(db: None, settings: Any) -> None:
    settings.ARENA_TRUSTED_PROXIES = ["127.0.0.1"]
    answer = Client().get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}, REMOTE_ADDR="127.0.0.1")
    assert answer.status_code == 404


# --- What it tells -------------------------------------------------------------------------------------------------


def test_open_battles_and_promised_work_are_told_with_their_age(
    alice: Program, ready: Battle, django_capture_on_commit_callbacks: Any
) -> None:
    alice.post("/arenas/text/battles", {"prompt": "Hello"})

    samples = _samples(Client())

    assert samples["arena_open_battles['queued', 'text']"] == 1
    assert 0 <= samples["arena_open_battles_oldest_seconds['queued', 'text']"] < 60
    assert samples["arena_outbox_messages[]"] == OutboxMessage.objects.count() == 1
    assert samples["arena_outbox_oldest_seconds[]"] >= 0
    assert samples["arena_leases_running[]"] == 0


def test_battles_and_votes_are_counted_by_what_became_of_them(
    alice: Program, ready: Battle, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        alice.post("/arenas/text/battles", {"prompt": "Hello"})
        alice.post("/arenas/text/battles", {"prompt": "How do I build a pipe bomb?"})
        alice.post(f"/battles/{ready.id}/vote", {"outcome": "tie"})
    metrics.flush()

    samples = _samples(Client())

    assert samples["arena_battles_started_total['text']"] == 2
    assert samples["arena_battles_ended_total['', 'text', 'voted']"] == 1
    assert (
        sum(n for name, n in samples.items() if name.startswith("arena_battles_ended_total") and "refused" in name)
        == 1
    )
    assert samples["arena_votes_total['text', 'tie']"] == 1


def test_calls_are_told_by_system_and_its_versions_are_added_up(ready: Battle) -> None:
    first, second = SystemVersion.objects.order_by("id")[:2]
    SystemVersion.objects.filter(id=first.id).update(retired_at=first.created_at)
    newer = SystemVersion.objects.create(
        **{
            name: getattr(first, name)
            for name in ("system", "organisation", "access", "licence", "backend", "behaviour")
        },
        number=2,
    )
    for version in (first, newer):
        measures.FIRST_TEXT_S.observe(version.id, seconds=0.3)
        measures.GENERATION_S.observe(version.id, seconds=500)
    measures.ERRORS.count(second.id, "TimedOut")
    measures.SPEND_USD.count(second.id, n=0.25)
    metrics.flush()

    samples = _samples(Client())

    one, other = sorted(["text", first.system.name]), sorted(["text", second.system.name])
    assert samples[f"arena_first_text_seconds_count{one}"] == 2
    assert samples[f"arena_first_text_seconds_sum{one}"] == pytest.approx(0.6)
    assert samples[f"arena_first_text_seconds_bucket{sorted(['0.25', *one])}"] == 0
    assert samples[f"arena_first_text_seconds_bucket{sorted(['0.5', *one])}"] == 2
    assert samples[f"arena_generation_seconds_bucket{sorted(['240.0', *one])}"] == 0
    assert samples[f"arena_generation_seconds_bucket{sorted(['+Inf', *one])}"] == 2
    assert samples[f"arena_generation_errors_total{sorted(['TimedOut', *other])}"] == 1
    assert samples[f"arena_spend_usd_total{other}"] == 0.25


def test_requests_are_counted_by_route_and_status_and_timed_by_route(db: None) -> None:
    Client().get("/battles/0e4fd4c3-95c1-4a7f-9d2e-6b5f0c1d2e3f")
    Client().get("/nothing/here")
    metrics.flush()

    samples = _samples(Client())

    route = "/battles/<uuid:battle_id>"
    assert samples[f"arena_http_requests_total{sorted(['GET', route, '404'])}"] == 1
    assert samples["arena_http_requests_total['404', 'GET', 'unmatched']"] == 1
    assert samples[f"arena_http_request_seconds_count{[route]}"] == 1
    assert not any("0e4fd4c3" in name or "nothing" in name for name in samples)


def test_votes_board_age_and_heartbeats_are_told(arena: Any) -> None:
    from arena.rankings.models import FoldWatermark, Snapshot

    heartbeat.beat("worker:cpu")
    FoldWatermark.objects.create(arena=arena, last_vote_id=9, counted=7, excluded={"simulated": 2})
    Snapshot.objects.create(arena=arena, last_vote_id=9, method={}, inputs={}, status="ok", code_version="1")

    samples = _samples(Client())

    assert samples["arena_folded_votes_total['counted', 'text']"] == 7
    assert samples["arena_folded_votes_total['simulated', 'text']"] == 2
    assert 0 <= samples["arena_snapshot_age_seconds['text']"] < 60
    assert 0 <= samples["arena_heartbeat_age_seconds['worker:cpu']"] < 60


def test_sockets_of_all_living_processes_are_added_up(db: None) -> None:
    for number, sockets in enumerate((3, 4)):
        ProcessReport.objects.create(id=f"web@{number}", kind="web", gauges={"arena_websockets_open": sockets})

    samples = _samples(Client())

    assert samples["arena_websockets_open[]"] == 7
    assert samples["arena_processes['web']"] == 2


def test_queues_are_told_and_redis_away_costs_only_their_lengths(valkey: Any, db: None, monkeypatch: Any) -> None:
    valkey.lpush("streams", "x", "y")
    samples = _samples(Client())
    assert (samples["arena_redis_up[]"], samples["arena_queue_messages['streams']"]) == (1, 2)

    away = type(valkey).from_url("redis://127.0.0.1:1/0", socket_connect_timeout=0.2)
    monkeypatch.setattr(live, "client", lambda: away)
    samples = _samples(Client())
    assert samples["arena_redis_up[]"] == 0
    assert not any(name.startswith("arena_queue_messages") for name in samples)
    assert "arena_outbox_messages[]" in samples
    away.close()


def test_no_voter_and_no_prompt_is_told(alice: Program, ready: Battle) -> None:
    alice.post("/arenas/text/battles", {"prompt": "zqxprompt"})
    body = Client().get("/metrics").content
    assert b"alice" not in body
    assert b"zqxprompt" not in body


def test_a_scrape_takes_the_same_few_queries_however_many_series_there_are(ready: Battle) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            Client().get("/metrics")
        return len(seen)

    measures.ERRORS.count(SystemVersion.objects.values_list("id", flat=True)[0], "TimedOut")
    metrics.flush()
    few = queries()
    version = SystemVersion.objects.values_list("id", flat=True)[0]
    MetricSeries.objects.bulk_create(
        MetricSeries(name="arena_generation_errors", labels=[str(version), f"Error{n}"], amounts=[1])
        for n in range(50)
    )
    assert queries() == few <= 13


def test_no_query_of_a_scrape_looks_through_battles_or_votes(ready: Battle) -> None:
    """Every table that grows with use is reached by an index that holds what is unfinished, or not at all."""
    with CaptureQueriesContext(connection) as seen:
        Client().get("/metrics")
    touched = " ".join(one["sql"] for one in seen)
    assert "votes_vote" not in touched
    assert "battles_response" not in touched
    turns = [one["sql"] for one in seen if "battles_turn" in one["sql"]]
    assert turns
    assert all(re.search('finished_at"? IS NULL', sql) for sql in turns)


def test_while_the_database_is_away_there_is_no_number(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    def away() -> Any:
        raise OperationalError("password=hunter2")

    monkeypatch.setattr(page, "open_battles", away)
    response = Client().get("/metrics")
    assert response.status_code == 503
    assert response.content == b""
