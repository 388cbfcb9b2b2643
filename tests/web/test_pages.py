"""Pages of text: they say what they must, and nothing of a visitor."""

import pytest
from django.test import override_settings

from arena.accounts.services import CONSENT_TEXT_VERSION
from arena.arenas.models import Arena
from arena.systems.models import System, SystemVersion
from tests.ballots import make_version
from tests.web.conftest import Browser

PUBLIC = ("/", "/arenas/text", "/arenas/text/leaderboard", "/systems", "/about", "/methods", "/privacy", "/consent")


@pytest.mark.parametrize("path", PUBLIC)
def test_every_page_has_one_heading_a_title_and_its_language(newcomer: Browser, arena: Arena, path: str) -> None:
    page = newcomer.get(path).content.decode()
    assert page.count("<h1") == 1
    assert "Preference Arena</title>" in page or "Preference Arena:" in page
    assert '<html lang="en" dir="ltr">' in page


@pytest.mark.parametrize(
    "word",
    ["propensity", "fair coin", "100 milliseconds", "Bradley–Terry", "sandwich", "half a win", "simulated votes"],
)
def test_the_methods_are_explained(newcomer: Browser, word: str) -> None:
    assert word in newcomer.get("/methods").content.decode()


@pytest.mark.parametrize(
    "words",
    ["SHA-256", CONSENT_TEXT_VERSION, "arena_voter", "keyed hash", "one year", "without a time limit", "16 years"],
)
def test_the_privacy_page_says_what_is_stored_and_for_how_long(newcomer: Browser, words: str) -> None:
    assert words in newcomer.get("/privacy").content.decode()


def test_the_privacy_page_names_the_contact_of_the_operator(newcomer: Browser) -> None:
    assert "has not set a contact address" in newcomer.get("/privacy").content.decode()
    with override_settings(ARENA_CONTACT="privacy@arena.example"):
        assert "Contact: privacy@arena.example" in newcomer.get("/privacy").content.decode()
        assert 'href="mailto:privacy@arena.example"' in newcomer.get("/about").content.decode()


def test_the_privacy_page_shows_this_browsers_own_consent(newcomer: Browser, alice: Browser) -> None:
    assert "has not taken part yet" in newcomer.get("/privacy").content.decode()
    page = alice.get("/privacy").content.decode()
    assert "<dt>Publication of texts</dt><dd>no</dd>" in page
    assert "Forget this browser" in page


def test_the_list_of_systems_is_public_and_keeps_the_retired(newcomer: Browser, arena: Arena) -> None:
    SystemVersion.objects.filter(system__name="Ada").update(retired_at="2099-01-01T00:00:00Z")
    System.objects.filter(name="Bert").update(is_paused=True)
    page = newcomer.get("/systems").content.decode()
    assert [name for name in ("Ada", "Bert", "Cleo") if name in page] == ["Ada", "Bert", "Cleo"]
    assert (page.count(">Retired<"), page.count(">Paused<"), page.count(">Active<")) == (1, 1, 1)


def test_the_list_of_systems_shows_nothing_of_how_they_are_called(newcomer: Browser, arena: Arena) -> None:
    SystemVersion.objects.update(endpoint={"base_url": "http://canary.internal"}, parameters={"seed": "canary"})
    assert "canary" not in newcomer.get("/systems").content.decode()


def test_the_list_of_systems_takes_the_same_queries_for_many(
    newcomer: Browser, arena: Arena, django_assert_num_queries
) -> None:
    for n in range(10):
        make_version(arena, f"More {n}")
    with django_assert_num_queries(2):
        newcomer.get("/systems")


def test_crawlers_are_kept_from_pages_of_one_visitor(newcomer: Browser) -> None:
    response = newcomer.get("/robots.txt")
    assert response["Content-Type"].startswith("text/plain")
    assert "Disallow: /battles" in response.content.decode()
