"""Error pages say what happened and what to do, never what broke."""

import pytest
from django.conf import settings
from django.db import OperationalError
from django.test import Client

from arena.arenas.models import Arena
from tests.web.conftest import Browser


def broken(error: Exception):
    def view(*args: object) -> None:
        raise error

    return view


@pytest.fixture
def visitor(db: None) -> Client:
    return Client(raise_request_exception=False)


def test_a_missing_page_says_so_and_leads_back(newcomer: Browser) -> None:
    response = newcomer.get("/nowhere")
    assert response.status_code == 404
    page = response.content.decode()
    assert "There is nothing here" in page
    assert 'href="/"' in page
    assert "nowhere" not in page.replace('name="next" value="/nowhere"', "")
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Something broke on our side"), ("fr", "Une erreur est survenue de notre côté")]
)
def test_a_failure_is_a_finished_page_without_details(
    visitor: Client, arena: Arena, monkeypatch: pytest.MonkeyPatch, language: str, words: str
) -> None:
    monkeypatch.setattr("arena.web.views.home.arena_states", broken(ZeroDivisionError("canary")))
    response = visitor.get("/", headers={"Accept-Language": language})
    assert response.status_code == 500
    page = response.content.decode()
    assert words in page
    assert "canary" not in page
    assert "{{" not in page
    assert "{%" not in page


def test_a_database_that_is_away_is_a_503_with_retry_after(
    visitor: Client, arena: Arena, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("arena.web.views.home.arena_states", broken(OperationalError("canary")))
    response = visitor.get("/")
    assert (response.status_code, response["Retry-After"]) == (503, "10")
    assert "The arena is away for a moment" in response.content.decode()


def test_a_failure_page_needs_neither_database_nor_template(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_template(*args: object, **kwargs: object) -> None:
        raise AssertionError("a template was asked for")

    monkeypatch.setattr("arena.web.views.home.arena_states", broken(ZeroDivisionError()))
    monkeypatch.setattr("django.template.loader.get_template", no_template)
    assert visitor.get("/").status_code == 500


def test_a_bad_request_is_explained(visitor: Client) -> None:
    response = visitor.get("/", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert "could not be understood" in response.content.decode()


def test_a_form_that_is_far_too_large_is_told_so(visitor: Client, arena: Arena) -> None:
    response = visitor.post("/arenas/text/battles", {"prompt": "x" * 1_100_000})
    assert response.status_code == 413
    assert "This is too much at once" in response.content.decode()


@pytest.mark.parametrize("status", [400, 403, 404, 413, 429, 503])
def test_every_error_has_a_page_in_both_languages(newcomer: Browser, status: int) -> None:
    from django.template.loader import render_to_string
    from django.test import RequestFactory
    from django.utils.translation import override

    request = RequestFactory().get("/")
    pages = []
    for language, _name in settings.LANGUAGES:
        with override(language):
            pages.append(render_to_string(f"{status}.html", {"wait_minutes": 1}, request))
    assert pages[0] != pages[1]
    assert all("<h1>" in page for page in pages)
