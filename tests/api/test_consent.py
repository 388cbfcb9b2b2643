"""POST /api/v1/consent."""

from typing import Any

import pytest

from arena.accounts.models import Consent, Voter
from tests.api.callers import CONSENT, Browser, Program, browser, program, slug_of


def test_the_first_consent_of_a_browser_makes_its_voter_and_sets_a_cookie_out_of_reach(db: None) -> None:
    response = browser(consents=False).post("/consent", CONSENT)

    assert response.status_code == 201
    assert {**response.json(), **CONSENT} == response.json()
    cookie = response.cookies["arena_voter"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert Voter.objects.filter(token=None).count() == 1
    assert cookie.value not in str(Voter.objects.values())


def test_a_second_consent_is_a_second_row_of_the_same_voter(bob: Browser) -> None:
    response = bob.post("/consent", {**CONSENT, "publication": True})

    assert response.status_code == 201
    assert "arena_voter" not in response.cookies
    of_browsers = Consent.objects.filter(token=None).order_by("id")
    assert list(of_browsers.values_list("publication", flat=True)) == [False, True]
    assert Voter.objects.filter(token=None).count() == 1
    assert bob.get("/session").json()["consent"]["publication"] is True


def test_a_program_consents_once_for_all_of_its_voters(arena: Any) -> None:
    study = program("another study", None, consents=False)

    assert study.post("/consent", CONSENT).status_code == 201
    assert not Voter.objects.filter(token=study.token).exists()
    for name in ("one", "two"):
        assert study.named(name).post("/arenas/text/battles", {"prompt": "Hello"}).status_code == 201
    assert Consent.objects.filter(token=study.token).count() == 1


@pytest.mark.parametrize("refused", ["research", "age_16"])
def test_without_research_consent_or_the_age_nothing_is_stored(db: None, refused: str) -> None:
    response = browser(consents=False).post("/consent", {**CONSENT, refused: False})

    assert response.status_code == 422
    assert slug_of(response) == "consent-incomplete"
    assert not Consent.objects.filter(token=None).exists()
    assert not Voter.objects.filter(token=None).exists()


@pytest.mark.parametrize(
    "body", [{}, {"research": True}, {**CONSENT, "newsletter": True}, {**CONSENT, "age_16": 1}, [], "yes", None]
)
def test_a_consent_of_another_shape_is_refused(db: None, body: Any) -> None:
    response = browser(consents=False).post("/consent", body)

    assert response.status_code == 422
    assert slug_of(response) == "request-invalid"
    assert response.json()["errors"]


def test_the_consent_of_a_program_needs_no_csrf_token_and_sets_no_cookie(mallory: Program) -> None:
    response = mallory.post("/consent", CONSENT)

    assert response.status_code == 201
    assert not response.cookies
