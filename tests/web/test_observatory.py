"""Every answer, errors and static files included, earns at MDN's Observatory what the project promises."""

from http.cookies import SimpleCookie

import pytest
from django.conf import settings as site
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse
from django.urls.resolvers import RegexPattern

from tests.ballots import make_battle, make_version
from tests.observatory import Answer, points, score
from tests.operators.conftest import verified_client

#: The promise is 105; what is there today must not get lost unnoticed.
PROMISED, TODAY = 105, 130
#: What stands for each part of an address that varies; `battle_id` is a battle of the visitor who asks.
ARGUMENTS = {
    "slug": "text",
    "source_id": 1,
    "side": "left",
    "token": "a-token",
    "name": "v1",
    "path": "votes.parquet",
    "id": 1,
    "object_id": 1,
    "content_type_id": 1,
    "system_id": 1,
    "app_label": "battles",
}
#: What stands for itself: whoever visits finds a page there, or a file.
PAGES = (
    *("/", "/arenas/text", "/arenas/text/leaderboard", "/battles", "/systems", "/about", "/methods", "/privacy"),
    *("/consent", "/api/", "/api/v1/arenas", "/api/v1/openapi.json", "/api/v1/session", "/api/v1/systems"),
    *("/withdraw", "/admin/login/", "/healthz", "/metrics", "/static/web/error.css"),
)
LOST = (
    *("/nothing/here", "/api/v1/nothing", "/static/nothing.js", "/battles/0e4fd4c3-95c1-4a7f-9d2e-6b5f0c1d2e3f"),
    *("/api/v1", "/arenas/nothing"),
)


@pytest.fixture(autouse=True)
def _as_behind_tls(settings):
    """What `ARENA_HTTPS=1` sets, which the tests leave off."""
    settings.SECURE_HSTS_SECONDS = 63_072_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = settings.SECURE_SSL_REDIRECT = True
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = settings.LANGUAGE_COOKIE_SECURE = True


def close_file(response):
    """`close()` would end the test's connection to the database as well."""
    for close in response._resource_closers:
        close()


def scored(response):
    """The answer as the scanner sees it, and its points."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    is_html = headers.get("content-type", "").startswith("text/html")
    cookies = SimpleCookie(response.cookies.output(header=""))
    body = b"".join(response)
    close_file(response)
    html = body.decode() if is_html else ""
    answer = Answer(headers, [cookies[name] for name in cookies], html)
    return score(answer), points(answer)


def assert_good(response, status):
    assert response.status_code == status
    total, found = scored(response)
    assert total >= TODAY > PROMISED, found


def patterns(resolver=None, namespace=""):
    """(name with its namespace, names of the parts that vary) of every named address of the site."""
    for one in (resolver or get_resolver()).url_patterns:
        if isinstance(one, URLResolver):
            yield from patterns(one, f"{one.namespace}:" if one.namespace else namespace)
        elif one.name:
            yield f"{namespace}{one.name}", [*one.pattern.converters, *regex_groups(one.pattern)]


def regex_groups(pattern):
    """The names in a pattern that is a regular expression."""
    return pattern.regex.groupindex if isinstance(pattern, RegexPattern) else ()


def addresses(battle_id):
    """Name → address. A new part of an address needs its argument above."""
    known = ARGUMENTS | {"battle_id": battle_id}
    found = dict(patterns())
    missing = {name: parts for name, parts in found.items() if not set(parts) <= known.keys()}
    assert missing == {}, "give their parts an argument in ARGUMENTS"
    return {name: reverse(name, kwargs={part: known[part] for part in parts}) for name, parts in found.items()}


def statuses(client, paths):
    """Address → status, once every answer has its points."""
    answers, poor = {}, {}
    for path in paths:
        response = client.get(path, secure=True)
        answers[path] = response.status_code
        total, found = scored(response)
        if total < TODAY:
            poor[path] = found
    assert poor == {}
    return answers


@pytest.fixture
def battle(alice, arena):
    return make_battle(arena, make_version(arena, "X"), make_version(arena, "Y"), voter=alice.voter)


def test_every_page_and_the_api(alice, battle):
    paths = {name: path for name, path in addresses(battle.id).items() if not name.startswith("admin:")}
    found = statuses(alice, [*paths.values(), "/admin/login/", "/static/web/error.css"])
    # An address that takes only POST says 405; nothing is imported, built or clipped here, and no worker runs.
    assert {path for path, status in found.items() if status >= 500} == {"/readyz"}
    shown = [*PAGES, f"/battles/{battle.id}", f"/api/v1/battles/{battle.id}"]
    assert {path: found[path] for path in shown} == dict.fromkeys(shown, 200)


def test_every_page_of_the_admin_after_the_login(battle):
    operator = verified_client(User.objects.create_superuser("olga"))
    paths = {name: path for name, path in addresses(battle.id).items() if name.startswith("admin:")}
    found = statuses(operator, paths.values())
    assert {path for path, status in found.items() if status >= 500} == set()
    assert {name for name, path in paths.items() if name.endswith("_changelist") and found[path] != 200} == set()
    assert found["/admin/"] == found["/admin/status/"] == 200


def test_the_pages_of_rows_in_the_admin(battle):
    olga = User.objects.create_superuser("olga")
    version = battle.pairing.left
    rows = (battle, battle.pairing, battle.pairing.policy, battle.arena, battle.voter, version, version.system, olga)
    paths = [reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_change", args=[row.pk]) for row in rows]
    paths.append(f"/admin/systems/system/{version.system_id}/trial/")
    assert statuses(verified_client(olga), paths) == dict.fromkeys(paths, 200)


@pytest.mark.parametrize("path", LOST)
def test_what_does_not_exist(alice, arena, path):
    assert_good(alice.get(path, secure=True), 404)


def test_the_cookies_of_consent(newcomer, arena):
    answer = newcomer.post("/consent", {"research": "on", "age_16": "on", "next": "/"}, secure=True)
    assert site.VOTER_COOKIE in answer.cookies
    assert scored(answer)[1]["cookies"] == 5


def test_a_request_that_cannot_be_understood(db):
    assert_good(Client().get("/", secure=True, headers={"Host": "evil.example"}), 400)


def test_a_form_from_elsewhere(alice, arena):
    strict = Client(enforce_csrf_checks=True)
    assert_good(strict.post("/consent", {}, secure=True), 403)
    assert_good(strict.post("/api/v1/consent", {}, "application/json", secure=True), 403)


def test_too_many_requests(alice, arena, settings):
    settings.ARENA_LIMITS = settings.ARENA_LIMITS | {"battle": {"voter": (1, 3600)}}
    answers = [alice.post("/arenas/text/battles", {"prompt": f"Hello {n}"}, secure=True) for n in range(2)]
    assert_good(answers[1], 429)
    assert_good(alice.post("/api/v1/arenas/text/battles", {"prompt": "x"}, "application/json", secure=True), 429)


@pytest.mark.parametrize(("error", "status"), [(ZeroDivisionError, 500), (OperationalError, 503)])
def test_a_failure_and_a_database_that_is_away(arena, monkeypatch, error, status):
    def broken(*_args):
        raise error

    monkeypatch.setattr("arena.web.views.home.arena_states", broken)
    monkeypatch.setattr("arena.api.routes.boards.open_arenas", broken)
    visitor = Client(raise_request_exception=False)
    assert_good(visitor.get("/", secure=True), status)
    assert_good(visitor.get("/api/v1/arenas", secure=True), status)


def test_a_file_that_has_not_changed_keeps_the_headers(newcomer):
    first = newcomer.get("/static/web/error.css", secure=True)
    close_file(first)
    again = newcomer.get("/static/web/error.css", secure=True, headers={"If-Modified-Since": first["Last-Modified"]})
    assert_good(again, 304)


# --- The rules themselves ------------------------------------------------------------------------------------------

BEST = {
    "content-security-policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
    "strict-transport-security": "max-age=63072000; includeSubDomains; preload",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-resource-policy": "same-origin",
}


def test_the_best_headers_earn_130_and_good_cookies_five_more():
    assert score(Answer(BEST)) == 130
    good = SimpleCookie("sessionid=1; Secure; HttpOnly; SameSite=Lax")
    assert score(Answer(BEST, good.values())) == 135


def test_no_header_at_all_is_a_failure():
    # 100 - 25 (CSP) - 20 (HSTS) - 5 (nosniff) - 20 (frames), and no bonus below 90.
    assert score(Answer({})) == 30


@pytest.mark.parametrize(
    ("changes", "lost"),
    [
        ({"content-security-policy": ""}, "content-security-policy"),
        ({"content-security-policy": "default-src 'self'; script-src 'unsafe-inline'"}, "content-security-policy"),
        ({"content-security-policy": "default-src 'none'; script-src data:"}, "content-security-policy"),
        (
            {"content-security-policy": "default-src 'none'; script-src 'self' 'unsafe-eval'"},
            "content-security-policy",
        ),
        ({"content-security-policy": "default-src 'none'; img-src http:"}, "content-security-policy"),
        ({"content-security-policy": "script-src 'self'"}, "content-security-policy"),
        ({"strict-transport-security": ""}, "strict-transport-security"),
        ({"strict-transport-security": "max-age=86400"}, "strict-transport-security"),
        ({"referrer-policy": "unsafe-url"}, "referrer-policy"),
        ({"x-content-type-options": ""}, "x-content-type-options"),
        ({"content-security-policy": "default-src 'none'", "x-frame-options": ""}, "x-frame-options"),
        ({"cross-origin-resource-policy": "any"}, "cross-origin-resource-policy"),
        (
            {"access-control-allow-origin": "*", "access-control-allow-credentials": "true"},
            "cross-origin-resource-sharing",
        ),
    ],
)
def test_each_mistake_costs_points(changes, lost):
    answer = Answer(BEST | changes)
    assert points(answer)[lost] < 0
    assert score(answer) < 130


@pytest.mark.parametrize(
    ("cookie", "modifier"),
    [
        ("sessionid=1; Secure; HttpOnly", 0),
        ("sessionid=1; HttpOnly; SameSite=Lax", -10),
        ("sessionid=1; Secure; SameSite=Lax", -30),
        ("csrftoken=1; Secure; HttpOnly", -20),
        ("other=1; SameSite=Lax", -5),
    ],
)
def test_each_bad_cookie_costs_points(cookie, modifier):
    assert points(Answer(BEST, SimpleCookie(cookie).values()))["cookies"] == modifier


def test_a_script_from_elsewhere_costs_points():
    assert points(Answer(BEST, html='<script src="https://cdn.example/x.js">'))["subresource-integrity"] == -5
    assert points(Answer(BEST, html='<script src="//cdn.example/x.js">'))["subresource-integrity"] == -50
    assert points(Answer(BEST, html='<script nonce="x" src="/static/x.js">'))["subresource-integrity"] == 0
