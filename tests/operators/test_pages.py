"""Pages of the admin are blind and give no secret away; what they offer works."""

import re
from datetime import timedelta

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext

from arena.accounts.models import ApiToken
from arena.accounts.services import create_browser_voter, create_token, token_of_bearer
from arena.arenas.models import Arena
from arena.battles.models import Battle, Report, Turn
from arena.common import live
from arena.common.admin import CheapPaginator
from arena.common.models import OutboxMessage
from arena.integrity.models import RateCounter
from arena.systems.models import SystemVersion
from tests.ballots import make_arena, named
from tests.operators.conftest import BATTLES, code_of, device_of, forget_proof, listed, refused, text_of
from tests.operators.writes import NUMBERS

pytestmark = pytest.mark.django_db
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


def test_the_admin_is_closed_to_visitors(client: Client, battle: Battle) -> None:
    assert client.get(BATTLES)["Location"].startswith("/admin/login/")


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
    assert not named(page, "Ada", "Bert")
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
    form = {"name": "Text", "description": "", **NUMBERS, "suggestions": ""}
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
