"""Consent comes before the first battle: separate boxes, none ticked, stored with what was shown."""

import pytest
from django.conf import settings
from django.db.models import QuerySet
from django.test import override_settings

from arena.accounts.models import Consent, Voter
from arena.accounts.services import CONSENT_TEXT_VERSION
from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.integrity.errors import LimitReached
from tests.web.conftest import Browser, Cast

AGREED = {"research": "true", "age_16": "true"}


@pytest.fixture
def consents(cast: Cast, db: None) -> QuerySet[Consent]:
    """Those of visitors who were not there before the test."""
    return Consent.objects.exclude(voter__in=list(Voter.objects.all()))


@pytest.fixture
def voters(cast: Cast, db: None) -> QuerySet[Voter]:
    """Those who were not there before the test."""
    return Voter.objects.exclude(pk__in=list(Voter.objects.values_list("pk", flat=True)))


def test_no_box_is_ticked_beforehand(newcomer: Browser) -> None:
    page = newcomer.get("/consent").content.decode()
    assert page.count('type="checkbox"') == 3
    assert " checked" not in page


def test_looking_around_stores_nothing_and_sets_no_voter(
    newcomer: Browser, arena: Arena, voters: QuerySet[Voter]
) -> None:
    for path in ("/", "/consent", "/privacy", "/battles", "/arenas/text"):
        newcomer.get(path)
    assert settings.VOTER_COOKIE not in newcomer.cookies
    assert not voters.exists()


@pytest.mark.parametrize("publication", [False, True])
def test_the_answer_is_stored_with_its_text_version_and_language(
    newcomer: Browser, consents: QuerySet[Consent], publication: bool
) -> None:
    answer = AGREED | ({"publication": "true"} if publication else {})
    response = newcomer.post("/consent", answer, headers={"Accept-Language": "fr"})
    assert (response.status_code, response["Location"]) == (302, "/")
    consent = consents.get()
    assert consent.voter == newcomer.voter
    assert (consent.research, consent.age_16, consent.publication) == (True, True, publication)
    assert (consent.text_version, consent.language) == (CONSENT_TEXT_VERSION, "fr")


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(newcomer: Browser) -> None:
    newcomer.post("/consent", AGREED)
    cookie = newcomer.cookies[settings.VOTER_COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert cookie["max-age"] == 365 * 24 * 3600
    assert not cookie["domain"]


@override_settings(SESSION_COOKIE_SECURE=True)
def test_with_tls_the_cookie_is_secure(newcomer: Browser) -> None:
    newcomer.post("/consent", AGREED)
    assert newcomer.cookies[settings.VOTER_COOKIE]["secure"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"age_16": "true"}, "Please tick this box to take part"),
        ({"research": "true"}, "at least 16 years old to take part"),
        ({"publication": "true"}, "Please tick this box to take part"),
    ],
)
def test_an_incomplete_answer_is_explained_and_stores_nothing(
    newcomer: Browser, consents: QuerySet[Consent], voters: QuerySet[Voter], answer: dict[str, str], words: str
) -> None:
    response = newcomer.post("/consent", answer)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not consents.exists()
    assert not voters.exists()
    assert settings.VOTER_COOKIE not in newcomer.cookies


def test_after_the_answer_the_waiting_battle_starts_at_once(newcomer: Browser, arena: Arena) -> None:
    draft = {"arena": "text", "prompt": "Two\r\nlines", "key": "k1"}
    response = newcomer.post("/consent", AGREED | draft)
    battle = Battle.objects.get()
    assert response["Location"] == f"/battles/{battle.id}"
    assert battle.voter == newcomer.voter


def test_an_incomplete_answer_keeps_the_waiting_prompt(newcomer: Browser, arena: Arena) -> None:
    draft = {"arena": "text", "prompt": "Still here", "key": "k1"}
    assert ">\nStill here</textarea>" in newcomer.post("/consent", draft).content.decode()


def test_the_consent_survives_a_battle_that_is_refused_by_a_limit(
    newcomer: Browser, arena: Arena, consents: QuerySet[Consent], monkeypatch: pytest.MonkeyPatch
) -> None:
    def reached(action: str, actor: object) -> None:
        raise LimitReached(60, "network")

    monkeypatch.setattr("arena.web.views.arena.admit", reached)
    response = newcomer.post("/consent", AGREED | {"arena": "text", "prompt": "Hello", "key": "k1"})
    assert response.status_code == 429
    assert consents.get().voter == newcomer.voter


def test_an_unknown_arena_stores_no_consent(newcomer: Browser, arena: Arena, consents: QuerySet[Consent]) -> None:
    assert newcomer.post("/consent", AGREED | {"arena": "nowhere", "prompt": "Hello"}).status_code == 404
    assert not consents.exists()


def test_the_publication_consent_can_be_given_and_taken_back_later(alice: Browser) -> None:
    assert 'href="/consent?next=/privacy"' in alice.get("/privacy").content.decode()
    voter = alice.voter
    for publication in (True, False):
        answer = AGREED | {"next": "/privacy"} | ({"publication": "true"} if publication else {})
        assert alice.post("/consent", answer)["Location"] == "/privacy"
        assert Consent.objects.latest("id").publication is publication
    assert alice.voter == voter
    assert Consent.objects.filter(voter=voter).count() == 3


def test_a_later_visit_shows_the_earlier_answer(alice: Browser) -> None:
    assert alice.get("/consent").content.decode().count(" checked") == 2


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\\\\evil.example"]
)
def test_a_next_that_leads_elsewhere_is_ignored(newcomer: Browser, target: str) -> None:
    assert newcomer.post("/consent", AGREED | {"next": target})["Location"] == "/"
    assert target not in newcomer.get("/consent", {"next": target}).content.decode()


def test_a_forgotten_browser_has_no_battles_and_no_cookie(alice: Browser) -> None:
    response = alice.post("/consent/forget")
    assert response["Location"] == "/privacy"
    assert alice.cookies[settings.VOTER_COOKIE].value == ""
    assert "has not taken part yet" in alice.get("/privacy").content.decode()


def test_forgetting_needs_a_form(alice: Browser) -> None:
    assert alice.get("/consent/forget").status_code == 405
