"""Every error is a problem document."""

import importlib
import inspect
import logging
from typing import Any

import pytest
from django.db import DataError, InterfaceError, OperationalError

from arena.api import failures
from arena.api.problems import TYPES, problem
from arena.api.routes import battles
from arena.battles.models import Battle
from tests.api.callers import CONSENT, Browser, Program, slug_of

ERROR_TREES = [
    "arena.accounts.errors",
    "arena.arenas.selectors",
    "arena.battles.errors",
    "arena.integrity.errors",
    "arena.router.errors",
    "arena.votes.services",
]
#: Errors that no request can meet: commands and workers only, or the base of a tree.
NOT_OF_REQUESTS = {
    "AccountError", "LimitsInvalid", "TokenNameTaken", "NotAdmitted", "BattleError", "WrongState", "RouterError",
    "NoPair", "VoteError",
}  # fmt: skip


def _errors() -> list[type[Exception]]:
    found: set[type[Exception]] = set()
    for name in ERROR_TREES:
        module = importlib.import_module(name)
        found |= {
            each
            for _name, each in inspect.getmembers(module, inspect.isclass)
            if issubclass(each, Exception) and each.__module__.startswith("arena.")
        }
    return sorted(found, key=lambda each: each.__name__)


@pytest.mark.parametrize("error", _errors(), ids=lambda error: error.__name__)
def test_every_error_below_the_api_has_a_problem_of_its_own(error: type[Exception]) -> None:
    table = {**failures.HANDLERS, **failures.SLUGS}
    nearest = next(kind for kind in error.__mro__ if kind in table)

    assert nearest is not Exception or error.__name__ in NOT_OF_REQUESTS


def test_every_error_without_words_of_its_own_names_a_known_type() -> None:
    assert set(failures.SLUGS.values()) <= set(TYPES)


@pytest.mark.parametrize("path", ["/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v1/arenas/", "/api/v1/battles/x/y"])
def test_an_unknown_address_below_the_api_is_a_problem_too(alice: Program, path: str) -> None:
    for response in (alice.client.get(path), alice.client.post(path)):
        assert response.status_code == 404
        assert slug_of(response) == "not-found"


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/session", {"GET"}),
        ("/battles/x/vote", {"POST"}),
        ("/battles/x", {"GET"}),
        ("/openapi.json", {"GET", "HEAD"}),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(alice: Program, path: str, allowed: set[str]) -> None:
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"} - allowed:
        response = alice.client.generic(method, f"/api/v1{path}")

        assert response.status_code == 405, method
        assert slug_of(response) == "method-not-allowed"
        assert allowed <= set(response["Allow"].split(", "))


def test_head_is_answered_as_get_without_a_body(alice: Program) -> None:
    response = alice.client.head("/api/v1/arenas")

    assert response.status_code == 200
    assert response.content == b""


@pytest.mark.parametrize("body", [b"{", b"prompt=Hello", b'{"prompt": NaN}', b'{"a": 1, "a": 2}', b"[" * 200_000])
def test_what_is_no_json_is_a_bad_request(alice: Program, body: bytes) -> None:
    response = alice.post("/arenas/text/battles", body)

    assert response.status_code == 400
    assert slug_of(response) == "json-invalid"


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
def test_a_body_of_another_content_type_is_refused(alice: Program, kind: str) -> None:
    response = alice.client.generic(
        "POST", "/api/v1/arenas/text/battles", b'{"prompt": "Hello"}', content_type=kind, headers=alice.headers()
    )

    assert response.status_code == 415
    assert slug_of(response) == "content-type-unsupported"


@pytest.mark.parametrize("size", [300_000, 1_100_000])
def test_a_body_that_is_too_large_is_refused(alice: Program, size: int) -> None:
    response = alice.post("/arenas/text/battles", {"prompt": "x" * size})

    assert response.status_code == 413
    assert slug_of(response) == "body-too-large"


@pytest.mark.parametrize("error", [OperationalError("host=db password=hunter2"), InterfaceError("gone")])
def test_a_database_that_is_away_is_retryable_and_says_nothing_of_itself(
    alice: Program, ready: Battle, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def away(*_args: Any) -> None:
        raise error

    monkeypatch.setattr(battles, "cast_vote", away)

    response = alice.post(f"/battles/{ready.id}/vote", {"outcome": "left"})

    assert response.status_code == 503
    assert slug_of(response) == "unavailable"
    assert int(response["Retry-After"]) > 0
    assert b"hunter2" not in response.content


@pytest.mark.parametrize("error", [DataError("canary"), RuntimeError("canary"), KeyError("canary")])
def test_an_uncaught_error_is_logged_and_told_without_details(
    alice: Program, ready: Battle, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    def broken(*_args: Any) -> None:
        raise error

    monkeypatch.setattr(battles, "cast_vote", broken)

    with caplog.at_level(logging.ERROR):
        response = alice.post(f"/battles/{ready.id}/vote", {"outcome": "left"})

    assert response.status_code == 500
    assert slug_of(response) == "internal-error"
    assert b"canary" not in response.content
    assert "canary" in caplog.text


def test_the_detail_speaks_the_readers_language_and_the_type_does_not_change(bob: Browser) -> None:
    in_french = bob.get("/battles/x", **{"Accept-Language": "fr"})

    assert slug_of(in_french) == "battle-not-found"
    assert in_french["Content-Language"] == "fr"
    assert in_french.json()["title"] == "Battle not found"


def test_the_help_of_a_problem_leads_to_the_api_page(bob: Browser) -> None:
    assert bob.get("/battles/x").json()["help"] == "/api/#problem-battle-not-found"


@pytest.mark.parametrize("slug", TYPES)
def test_every_problem_type_makes_a_whole_document(slug: str) -> None:
    document = problem(slug)

    assert document.status_code == TYPES[slug].status
    assert document["Content-Type"] == "application/problem+json"


def test_a_consent_that_fails_leaves_no_cookie(db: None) -> None:
    response = Browser().begin().post("/consent", {**CONSENT, "research": False})

    assert "arena_voter" not in response.cookies


def test_a_parameter_that_no_address_takes_is_named_beside_those_that_it_takes(alice: Program) -> None:
    """A misspelt filter must not quietly give what was not asked for."""
    document = alice.client.get("/api/v1/arenas/text/leaderboard/history?lang=fr").json()
    assert (document["type"], document["status"]) == ("request-invalid", 422)
    assert "lang" in document["detail"]
    assert "language, category" in document["detail"]
    assert [error["where"] for error in document["errors"]] == ["query.lang"]
    response = alice.client.post("/api/v1/arenas/text/battles?dry=1")
    assert (response.status_code, slug_of(response)) == (422, "request-invalid")
