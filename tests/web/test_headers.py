"""What every answer carries: a strict policy, and the right advice to caches."""

import re

import pytest
from django.conf import settings
from django.test import Client

from arena.arenas.models import Arena
from tests.web.conftest import Browser

PRIVATE = ("/", "/arenas/text", "/battles", "/privacy", "/consent")
PUBLIC = (
    *(f"/arenas/text/{part}" for part in ("leaderboard", "transparency", "leaderboard/history", "leaderboard/matrix")),
    *("/arenas/text/leaderboard/value", "/systems", "/about", "/methods", "/releases"),
)


@pytest.mark.parametrize("path", [*PRIVATE, *PUBLIC, "/nowhere"])
def test_only_files_of_this_site_run_as_scripts(newcomer: Browser, arena: Arena, path: str) -> None:
    response = newcomer.get(path)
    policy = response["Content-Security-Policy"]
    assert {"script-src 'self'", "style-src 'self'"} <= set(policy.split("; "))
    page = response.content.decode()
    for tag in re.findall(r"<script[^>]*>", page):
        assert 'src="/static/' in tag or 'type="application/json"' in tag
    # The policy would switch these off: they must not be there.
    assert not re.search(r"\sstyle=|\son\w+=|<style", page)


@pytest.mark.parametrize("path", [*PRIVATE, *PUBLIC, "/nowhere"])
def test_the_other_headers_are_strict(newcomer: Browser, arena: Arena, path: str) -> None:
    response = newcomer.get(path)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("path", PRIVATE)
def test_private_pages_are_kept_by_no_cache(alice: Browser, arena: Arena, path: str) -> None:
    assert "no-store" in alice.get(path)["Cache-Control"]


@pytest.mark.parametrize("path", [*PRIVATE, *PUBLIC])
def test_a_page_varies_with_the_language(newcomer: Browser, arena: Arena, path: str) -> None:
    assert "Accept-Language" in newcomer.get(path)["Vary"]


@pytest.mark.parametrize("path", [*PRIVATE, *PUBLIC])
def test_nothing_is_loaded_from_elsewhere(newcomer: Browser, arena: Arena, path: str) -> None:
    page = newcomer.get(path).content.decode()
    assert not re.search(r'(?:src|href|action)="(?:https?:)?//', page)


@pytest.mark.parametrize("path", ["/consent", "/consent/forget", "/language", "/arenas/text/battles"])
def test_every_form_is_protected_against_other_sites(alice: Browser, arena: Arena, path: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies[settings.VOTER_COOKIE] = alice.cookies[settings.VOTER_COOKIE].value
    assert strict.post(path, {"language": "fr"}).status_code == 403


@pytest.mark.parametrize("path", PUBLIC)
def test_a_public_page_is_the_same_for_everybody(newcomer: Browser, alice: Browser, arena: Arena, path: str) -> None:
    alice.get("/")
    alice.cookies["sessionid"] = "x" * 32
    assert settings.CSRF_COOKIE_NAME in alice.cookies
    first, second = newcomer.get(path), alice.get(path)
    assert first.content == second.content
    assert not newcomer.cookies
    assert {"no-cache", "public"} == set(first["Cache-Control"].split(", "))
    assert {"Cookie", "Accept-Language"} == set(first["Vary"].split(", "))


def test_a_session_is_never_opened_for_a_visitor(alice: Browser, arena: Arena) -> None:
    for path in (*PRIVATE, *PUBLIC):
        alice.get(path)
    assert settings.SESSION_COOKIE_NAME not in alice.cookies
