"""GET /api/v1/session."""

from django.test import Client

from tests.api.callers import Browser, Program, browser, slug_of


def test_a_new_browser_gets_a_csrf_token_and_no_consent_and_no_voter(db: None) -> None:
    response = Client().get("/api/v1/session")

    assert response.status_code == 200
    assert set(response.json()) == {"csrf_token", "consent"}
    assert response.json()["consent"] is None
    assert set(response.cookies) == {"csrftoken"}
    assert response["Cache-Control"] == "no-store"


def test_the_session_of_a_browser_that_consented_says_so(bob: Browser) -> None:
    consent = bob.get("/session").json()["consent"]

    assert {name: consent[name] for name in ("research", "publication", "age_16")} == {
        "research": True,
        "publication": False,
        "age_16": True,
    }


def test_a_program_reads_the_consent_of_its_token_without_naming_a_voter(alice: Program) -> None:
    assert alice.named(None).get("/session").json()["consent"]["research"] is True


def test_an_unknown_cookie_is_a_browser_without_a_voter(db: None) -> None:
    stranger = browser(consents=False)
    stranger.client.cookies["arena_voter"] = "forged"

    assert stranger.get("/session").json()["consent"] is None


def test_a_revoked_token_is_refused(alice: Program) -> None:
    alice.token.revoked_at = alice.token.created_at
    alice.token.save()

    response = alice.get("/session")

    assert response.status_code == 401
    assert slug_of(response) == "token-invalid"
    assert response["WWW-Authenticate"].startswith("Bearer")
