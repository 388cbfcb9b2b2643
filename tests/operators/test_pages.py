"""Every page of the admin opens, costs the same for one row as for many, is blind, and gives no secret away."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib import admin
from django.db import connection, transaction
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from arena.accounts.models import ApiToken, Consent
from arena.accounts.services import create_browser_voter, create_token, token_of_bearer
from arena.arenas.models import Arena
from arena.battles.models import Battle, RefusedTurn, Report, Turn
from arena.common import audit, live
from arena.common.admin import CheapPaginator
from arena.common.models import AuditEntry, OutboxMessage
from arena.integrity.models import RateCounter
from arena.systems import steering, usage
from arena.systems.models import Health, System, SystemEvent, SystemVersion, Trial
from arena.systems.usage import CallResult
from tests.ballots import make_arena, make_battle, make_version
from tests.operators.conftest import code_of, device_of, forget_proof

pytestmark = pytest.mark.django_db
BATTLES = "/admin/battles/battle/"
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


def text_of(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, path
    return response.content.decode()


def listed(model: type) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def refused(arena: Arena, versions: list[SystemVersion]) -> Battle:
    battle = make_battle(arena, *versions, state="refused")
    Turn.objects.filter(battle=battle).update(prompt="A refused canary")
    return battle


@pytest.fixture
def rows(arena: Arena, versions: list[SystemVersion], battle: Battle, olga: object) -> Callable[[], None]:
    """Adds a row to every list that can grow."""

    def add() -> None:
        n = Battle.objects.count()
        more = make_version(arena, f"More {n}")
        with transaction.atomic():
            usage.record([CallResult(more.pk, latency_s=1.0, cost_usd=Decimal("0.01"))])
            audit.record(olga, "system.pause", more.system)
        steering.pause(System.objects.create(arena=arena, name=f"Paused {n}"))
        another = make_battle(arena, *versions)
        Report.objects.create(battle=another, turn_n=1, side="left", reason="harmful", text="A canary of a report")
        RefusedTurn.objects.create(battle=another, prompt="A canary of a prompt", reason="violence")
        refused(arena, versions)
        token, _value = create_token(f"study {n}")
        Consent.objects.create(token=token, research=True, age_16=True, text_version="1", language="en")
        Trial.objects.create(version=more, prompt="A canary of a trial")
        OutboxMessage.objects.create(task="arena.sweep")

    return add


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_a_list_opens_under_a_strict_policy_and_shows_no_text_of_anybody(
    operator: Client, rows: Callable[[], None], model: type
) -> None:
    rows()
    response = operator.get(listed(model))
    assert response.status_code == 200
    policy = response["Content-Security-Policy"]
    assert "unsafe" not in policy
    page = response.content.decode()
    assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?![^>]*(?:src=|application/json))", page)
    assert "canary" not in page
    assert "Why is the sky blue" not in page


def test_a_list_asks_as_much_for_many_rows_as_for_one(operator: Client, rows: Callable[[], None]) -> None:
    rows()
    few = {model: queries(operator, listed(model)) for model in MODELS}
    for _ in range(4):
        rows()
    many = {model: queries(operator, listed(model)) for model in MODELS}
    assert {model._meta.label: n for model, n in many.items() if n > few[model]} == {}
    assert max(many.values()) <= 20


def queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        text_of(client, path)
    return len(captured)


def test_the_admin_is_closed_to_visitors(client: Client, battle: Battle) -> None:
    assert client.get(BATTLES)["Location"].startswith("/admin/login/")


# --- Blindness ---


@pytest.mark.parametrize("page", ["", "{id}/change/"])
@pytest.mark.parametrize("state", ["ready", "failed", "generating"])
def test_a_battle_without_a_vote_is_blind(
    operator: Client, arena: Arena, versions: list[SystemVersion], page: str, state: str
) -> None:
    battle = make_battle(arena, *versions, state=state)
    text = text_of(operator, BATTLES + page.format(id=battle.id))
    assert str(battle.id) in text
    assert not re.search("Ada|Bert", text)


def test_reveal_shows_the_systems_once_and_the_audit_knows(operator: Client, battle: Battle) -> None:
    page = operator.post(f"{BATTLES}{battle.id}/reveal/").content.decode()
    assert "Ada" in page
    assert "Bert" in page
    assert AuditEntry.objects.get(action="battle.reveal").target_id == str(battle.id)
    assert "Ada" not in text_of(operator, f"{BATTLES}{battle.id}/change/")


def test_reveal_needs_its_own_permission_and_a_post(looking: Callable[..., Client], battle: Battle) -> None:
    client = looking("view_battle")
    assert "Reveal the systems" not in text_of(client, f"{BATTLES}{battle.id}/change/")
    assert client.post(f"{BATTLES}{battle.id}/reveal/").status_code == 403
    assert client.get(f"{BATTLES}{battle.id}/reveal/").status_code == 405


def test_after_the_vote_the_systems_are_shown(operator: Client, arena: Arena, versions: list[SystemVersion]) -> None:
    battle = make_battle(arena, *versions, state="voted")
    assert "left: Ada v1; right: Bert v1" in text_of(operator, f"{BATTLES}{battle.id}/change/")


def test_a_pairing_is_blind_too(operator: Client, battle: Battle) -> None:
    pairing = battle.pairing
    for path in (listed(type(pairing)), f"{listed(type(pairing))}{pairing.pk}/change/"):
        assert not re.search(rf"Ada|Bert|{pairing.seed}", text_of(operator, path))


# --- Systems ---


def test_a_system_shows_health_latency_and_spending(operator: Client, versions: list[SystemVersion]) -> None:
    ada = versions[0]
    System.objects.filter(pk=ada.system_id).update(daily_budget_usd=5)
    with transaction.atomic():
        for _ in range(3):
            usage.record([CallResult(ada.pk, latency_s=2.0, cost_usd=Decimal("0.5"))])
        usage.record([CallResult(ada.pk, "TimedOut")])
    page = text_of(operator, "/admin/systems/system/?q=Ada")
    for words in ("Drawn", "25.0%", "$1.50 of $5.00"):
        assert words in page, words
    assert re.search(r"1\.[89] s|2 s|2\.\d s", page)
    assert "TimedOut: 1" in text_of(operator, f"/admin/systems/system/{ada.system_id}/change/")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda ada: steering.pause(ada.system), "Paused"),
        (lambda ada: SystemVersion.objects.filter(pk=ada.pk).update(retired_at=Now()), "Retired"),
        (
            lambda ada: Health.objects.create(version=ada, state="open", retry_at=Now() + timedelta(hours=1)),
            "Breaker open until",
        ),
        (lambda ada: Health.objects.create(version=ada, state="half_open"), "one call tries"),
        (lambda ada: System.objects.filter(pk=ada.system_id).update(daily_budget_usd=0), "Budget used up"),
    ],
)
def test_a_system_that_is_not_drawn_says_why(
    operator: Client, versions: list[SystemVersion], change: Callable[[SystemVersion], object], words: str
) -> None:
    change(versions[0])
    assert words in text_of(operator, "/admin/systems/system/?q=Ada")


def test_a_pause_asks_first_with_a_reason_that_is_required(operator: Client, versions: list[SystemVersion]) -> None:
    post = {"action": "pause", "_selected_action": [versions[0].system_id]}
    asked = operator.post("/admin/systems/system/", post).content.decode()
    assert "Pause these systems?" in asked
    assert (
        "This field is required"
        in operator.post("/admin/systems/system/", post | {"confirmed": "1", "note": " "}).content.decode()
    )
    assert not System.objects.filter(is_paused=True).exists()
    operator.post("/admin/systems/system/", post | {"confirmed": "1", "note": "Too dear"})
    assert System.objects.get(is_paused=True).name == "Ada"
    assert AuditEntry.objects.get(action="system.pause").note == "Too dear"
    assert SystemEvent.objects.get().kind == "paused"


def test_whoever_may_only_look_steers_nothing(looking: Callable[..., Client], versions: list[SystemVersion]) -> None:
    client = looking("view_system")
    path = f"/admin/systems/system/{versions[0].system_id}"
    page = text_of(client, f"{path}/change/")
    assert "Pause" not in page
    assert "Test prompt" not in page
    client.post(
        "/admin/systems/system/", {"action": "pause", "_selected_action": [versions[0].system_id], "note": "x"}
    )
    assert client.post(f"{path}/trial/", {"prompt": "Hello"}).status_code == 403
    assert not System.objects.filter(is_paused=True).exists()


def test_what_a_system_said_in_a_test_is_shown_as_text(operator: Client, versions: list[SystemVersion]) -> None:
    hostile = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    trial = Trial.objects.create(version=versions[0], prompt=hostile, content=hostile, finished_at=Now())
    page = text_of(operator, f"/admin/systems/trial/{trial.pk}/change/")
    assert page.count("&lt;script&gt;alert(1)") == 2
    assert "<script>alert" not in page
    assert "<img src=x" not in page


# --- Tokens, voters, counters ---


def test_a_new_token_is_shown_once_and_stored_as_a_hash(operator: Client) -> None:
    response = operator.post("/admin/accounts/apitoken/add/", {"name": "study", "limits": "vote.token=5/60"})
    (value,) = re.findall(r'<code class="arena-token">([^<]+)</code>', response.content.decode())
    assert "no-store" in response["Cache-Control"]
    token = token_of_bearer(value)
    assert (token.name, token.limits) == ("study", {"vote": {"token": [5, 60]}})
    for path in ("/admin/accounts/apitoken/", f"/admin/accounts/apitoken/{token.pk}/change/", "/admin/"):
        assert value not in text_of(operator, path)
    assert value not in str(dict(operator.session))


def test_wrong_limits_and_a_taken_name_are_told_beside_the_field(operator: Client) -> None:
    create_token("study")
    page = operator.post("/admin/accounts/apitoken/add/", {"name": "study", "limits": "nonsense"}).content.decode()
    assert page.count('class="errorlist"') == 2
    assert ApiToken.objects.count() == 1


def test_revoking_asks_again_and_wants_a_fresh_proof(operator: Client, olga: object) -> None:
    token, value = create_token("study")
    post = {"action": "revoke", "_selected_action": [token.pk], "confirmed": "1", "note": "Leaked"}
    forget_proof(operator)
    assert "Code of your authenticator app" in operator.post("/admin/accounts/apitoken/", post).content.decode()
    operator.post("/admin/accounts/apitoken/", post | {"proof": "000000"})
    assert token_of_bearer(value) is not None
    operator.post("/admin/accounts/apitoken/", post | {"proof": code_of(device_of(olga))})
    assert token_of_bearer(value) is None
    revoked_at = ApiToken.objects.get().revoked_at
    operator.post("/admin/accounts/apitoken/", post)
    assert ApiToken.objects.get().revoked_at == revoked_at


def test_no_hash_of_a_secret_is_shown(operator: Client, olga: object) -> None:
    token, value = create_token("study")
    voter, _cookie = create_browser_voter()
    counter = RateCounter.objects.create(
        action="vote", subject=b"\xabc" * 8, window_start="2026-01-01T00:00Z", count=1
    )
    device = device_of(olga)
    for row in (token, voter, counter, device):
        page = text_of(operator, f"{listed(type(row))}{row.pk}/change/")
        assert not any(word in page for word in ("sha256", "Sha256", "Subject", "&lt;memory", value, device.key))


# --- Battles, reports, arenas ---


def test_a_battle_cannot_be_edited_or_deleted(operator: Client, battle: Battle) -> None:
    assert operator.post(f"{BATTLES}{battle.id}/change/", {"state": "voted"}).status_code == 403
    assert operator.post(f"{BATTLES}{battle.id}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("term", ["nonsense", "", "00000000-0000-0000-0000-000000000000"])
def test_a_search_for_something_that_is_no_id_finds_nothing_and_is_no_error(
    operator: Client, battle: Battle, term: str
) -> None:
    for path in (BATTLES, "/admin/battles/report/"):
        text_of(operator, f"{path}?q={term}")
    assert str(battle.id) in text_of(operator, f"{BATTLES}?q={battle.id}")


def test_a_report_goes_from_open_to_resolved_with_a_note_and_back(operator: Client, battle: Battle) -> None:
    report = Report.objects.create(battle=battle, turn_n=1, side="left", reason="harmful", text="Look at this")
    page = text_of(operator, f"/admin/battles/report/{report.pk}/change/")
    assert "Look at this" in page
    assert "Answer 1" in page
    assert not re.search("Ada|Bert", page)
    post = {"_selected_action": [report.pk], "confirmed": "1"}
    operator.post("/admin/battles/report/", post | {"action": "resolve", "note": "Told the maker"})
    report.refresh_from_db()
    assert (report.resolved_at is not None, report.resolution) == (True, "Told the maker")
    assert f"report/{report.pk}/" not in text_of(operator, "/admin/battles/report/")
    assert f"report/{report.pk}/" in text_of(operator, "/admin/battles/report/?state=resolved")
    operator.post("/admin/battles/report/?state=all", post | {"action": "reopen"})
    report.refresh_from_db()
    assert report.resolved_at is None


def test_refusals_have_a_list_and_their_prompt_a_page(
    operator: Client, arena: Arena, versions: list[SystemVersion], battle: Battle
) -> None:
    one = refused(arena, versions)
    page = text_of(operator, "/admin/battles/refusedbattle/")
    assert str(one.id) in page
    assert str(battle.id) not in page
    assert "A refused canary" in text_of(operator, f"/admin/battles/refusedbattle/{one.id}/change/")


def test_an_arena_can_be_closed_but_not_deleted(operator: Client, arena: Arena) -> None:
    form = {"name": "Text", "description": "", "suggestions": ""}
    assert operator.post(f"/admin/arenas/arena/{arena.id}/change/", form).status_code == 302
    arena.refresh_from_db()
    assert arena.is_open is False
    assert operator.post(f"/admin/arenas/arena/{arena.id}/delete/", {"post": "yes"}).status_code == 403


# --- Long tables ---


def test_a_long_table_is_estimated_and_a_filtered_one_is_counted_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arena.common.admin.COUNTED_ROWS", 3)
    for n in range(5):
        make_arena(f"arena-{n}")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE arenas_arena")
    arenas = Arena.objects.order_by("id")
    assert CheapPaginator(arenas.filter(is_open=True), 100).count == 3
    assert CheapPaginator(arenas.filter(slug="arena-1"), 100).count == 1
    with CaptureQueriesContext(connection) as captured:
        assert CheapPaginator(arenas, 100).count == 5
    assert all("LIMIT 4" in query["sql"] or "pg_class" in query["sql"] for query in captured)


# --- Status ---


def test_the_status_page_tells_of_workers_queues_turns_and_versions(
    operator: Client, battle: Battle, valkey: object
) -> None:
    OutboxMessage.objects.create(task="arena.sweep")
    OutboxMessage.objects.update(created_at=Now() - timedelta(minutes=5))
    Turn.objects.update(finished_at=None, lease_until=Now() + timedelta(seconds=9))
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text_of(operator, "/admin/status/")))
    for words in (
        "worker:streams never seen (a problem)",
        "streams 0 waiting",
        "outbox 1 rows, the oldest for 5 min (a problem)",
        "running 1, the oldest for",
        "s more",
        "text: ready 1, the oldest for",
        "PostgreSQL",
    ):
        assert words in page, words


def test_the_status_page_opens_while_the_broker_is_away(operator: Client, settings: object) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    live.client.cache_clear()
    try:
        assert text_of(operator, "/admin/status/").count("broker away") == 3
    finally:
        live.client.cache_clear()


def test_the_status_page_is_for_operators(client: Client) -> None:
    assert client.get("/admin/status/")["Location"].startswith("/admin/login/")
