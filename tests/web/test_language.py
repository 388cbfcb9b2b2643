"""The language switch, and where it leads."""

from typing import Any

import pytest
from django.conf import settings

from tests.web.conftest import Browser

OWN = "http://testserver"


def switch(browser: Browser, form: dict[str, str], origin: str = OWN) -> Any:
    return browser.post("/language", form, headers={"Origin": origin, "Host": "testserver"})


def test_the_browsers_language_decides_at_first(newcomer: Browser) -> None:
    page = newcomer.get("/about", headers={"Accept-Language": "fr-CA,fr;q=0.9"}).content.decode()
    assert '<html lang="fr" dir="ltr">' in page


def test_a_choice_is_remembered_by_a_cookie(newcomer: Browser) -> None:
    response = switch(newcomer, {"language": "fr", "next": "/about"})
    assert (response.status_code, response["Location"]) == (302, "/about")
    assert newcomer.cookies[settings.LANGUAGE_COOKIE_NAME]["samesite"] == "Lax"
    assert '<html lang="fr"' in newcomer.get("/about", headers={"Accept-Language": "en"}).content.decode()


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/about"])
def test_the_switch_leads_nowhere_else(newcomer: Browser, target: str) -> None:
    assert switch(newcomer, {"language": "fr", "next": target})["Location"] == "/"


@pytest.mark.parametrize("origin", ["", "null", "http://evil.example", "https://testserver", "http://testserver:81"])
def test_another_site_cannot_turn_it(newcomer: Browser, origin: str) -> None:
    assert switch(newcomer, {"language": "fr", "next": "/"}, origin).status_code == 403
    assert settings.LANGUAGE_COOKIE_NAME not in newcomer.cookies


def test_an_unknown_language_changes_nothing(newcomer: Browser) -> None:
    switch(newcomer, {"language": "xx", "next": "/"})
    assert '<html lang="en"' in newcomer.get("/about").content.decode()


def test_the_switch_returns_to_the_page_with_its_query(newcomer: Browser) -> None:
    page = newcomer.get("/consent?next=/privacy").content.decode()
    assert 'name="next" value="/consent?next=/privacy"' in page
