"""What every answer carries: a strict policy, and the right advice to caches."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation
from pytest_django import DjangoDbBlocker

from tests.ballots import make_arena, make_versions
from tests.kept_rows import kept_rows
from tests.web.conftest import Browser, consenting_browser

PRIVATE = ("/", "/arenas/text", "/battles", "/privacy", "/consent")
PUBLIC = (
    *(f"/arenas/text/{part}" for part in ("leaderboard", "transparency", "leaderboard/history", "leaderboard/matrix")),
    *("/arenas/text/leaderboard/value", "/systems", "/about", "/methods", "/releases"),
)
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def alice(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Browser]:
    """One browser for the module, and an arena for it to visit."""
    with kept_rows(django_db_blocker):
        make_versions(make_arena(), ["Ada", "Bert", "Cleo"])
        yield consenting_browser()


@pytest.fixture(scope="module")
def answers(alice: Browser) -> dict[str, Any]:
    """Path → what a newcomer is answered, each time another one; asked once for all that look at it."""
    with translation.override("en"):
        return {path: Browser().get(path) for path in (*PRIVATE, *PUBLIC, "/nowhere")}


@pytest.fixture(scope="module")
def answers_to_alice(alice: Browser) -> dict[str, Any]:
    """Path → what Alice is answered."""
    with translation.override("en"):
        return {path: alice.get(path) for path in (*PRIVATE, *PUBLIC)}


@pytest.mark.parametrize("path", [*PRIVATE, *PUBLIC, "/nowhere"])
def test_only_files_of_this_site_run_as_scripts(answers: dict[str, Any], path: str) -> None:
    policy = answers[path]["Content-Security-Policy"]
    assert {"script-src 'self'", "style-src 'self'"} <= set(policy.split("; "))
    page = answers[path].content.decode()
    for tag in re.findall(r"<script[^>]*>", page):
        assert 'src="/static/' in tag or 'type="application/json"' in tag
    # The policy would switch these off: they must not be there.
    assert not re.search(r"\sstyle=|\son\w+=|<style", page)


@pytest.mark.parametrize("path", [*PRIVATE, *PUBLIC, "/nowhere"])
def test_the_other_headers_are_strict(answers: dict[str, Any], path: str) -> None:
    assert answers[path]["X-Content-Type-Options"] == "nosniff"
    assert answers[path]["X-Frame-Options"] == "DENY"
    assert answers[path]["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("path", PRIVATE)
def test_private_pages_are_kept_by_no_cache(answers_to_alice: dict[str, Any], path: str) -> None:
    assert "no-store" in answers_to_alice[path]["Cache-Control"]


@pytest.mark.parametrize("path", [*PRIVATE, *PUBLIC])
def test_a_page_varies_with_the_language(answers: dict[str, Any], path: str) -> None:
    assert "Accept-Language" in answers[path]["Vary"]


@pytest.mark.parametrize("path", [*PRIVATE, *PUBLIC])
def test_nothing_is_loaded_from_elsewhere(answers: dict[str, Any], path: str) -> None:
    page = answers[path].content.decode()
    assert not re.search(r'(?:src|href|action)="(?:https?:)?//', page)


@pytest.mark.parametrize("path", ["/consent", "/consent/forget", "/language", "/arenas/text/battles"])
def test_every_form_is_protected_against_other_sites(alice: Browser, path: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies[settings.VOTER_COOKIE] = alice.cookies[settings.VOTER_COOKIE].value
    assert strict.post(path, {"language": "fr"}).status_code == 403


def test_a_session_is_never_opened_for_a_visitor(answers_to_alice: dict[str, Any]) -> None:
    assert {path for path, one in answers_to_alice.items() if settings.SESSION_COOKIE_NAME in one.cookies} == set()


@pytest.mark.parametrize("path", PUBLIC)
def test_a_public_page_is_the_same_for_everybody(
    answers: dict[str, Any], answers_to_alice: dict[str, Any], alice: Browser, path: str
) -> None:  # fmt: skip
    known = Browser()
    known.cookies.load(alice.cookies)
    known.cookies["sessionid"] = "x" * 32
    assert settings.CSRF_COOKIE_NAME in known.cookies
    first, second = answers[path], known.get(path)
    assert first.content == second.content
    assert not first.cookies
    assert {"no-cache", "public"} == set(first["Cache-Control"].split(", "))
    assert {"Cookie", "Accept-Language"} == set(first["Vary"].split(", "))
