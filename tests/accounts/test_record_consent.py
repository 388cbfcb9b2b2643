"""Consent: required where it must be, kept with the text that was shown, the newest counts."""

import pytest

from arena.accounts.models import Consent
from arena.accounts.services import (
    CONSENT_TEXT_VERSION,
    Actor,
    ConsentIncomplete,
    consent_of,
    create_browser_voter,
    create_token,
    current_consent,
    record_consent,
    voter_of_token,
)

pytestmark = pytest.mark.django_db


def alice() -> Actor:
    voter, _cookie = create_browser_voter()
    return Actor(voter=voter, token=None, network="203.0.113.0/24")


def agree(actor: Actor, *, publication: bool = False) -> Consent:
    return record_consent(actor, research=True, publication=publication, age_16=True, language="fr")


def test_a_consent_says_which_text_was_shown_in_which_language() -> None:
    consent = agree(alice())
    consent.refresh_from_db()
    assert (consent.text_version, consent.language) == (CONSENT_TEXT_VERSION, "fr")
    assert (consent.research, consent.publication, consent.age_16) == (True, False, True)


@pytest.mark.parametrize(("research", "age_16"), [(False, True), (True, False), (False, False)])
def test_research_and_age_are_required(*, research: bool, age_16: bool) -> None:
    with pytest.raises(ConsentIncomplete):
        record_consent(alice(), research=research, publication=True, age_16=age_16, language="en")
    assert not Consent.objects.exists()


def test_the_newest_consent_counts_and_the_old_one_stays() -> None:
    actor = alice()
    agree(actor, publication=True)
    newest = agree(actor)
    assert actor.voter is not None
    assert current_consent(actor.voter) == consent_of(actor) == newest
    assert Consent.objects.count() == 2


def test_nobody_was_asked_yet() -> None:
    actor = alice()
    assert actor.voter is not None
    assert current_consent(actor.voter) is None
    assert consent_of(Actor(voter=None, token=None, network="unix")) is None


def test_bob_has_not_agreed_because_alice_has() -> None:
    agree(alice())
    assert consent_of(alice()) is None


def test_a_token_consents_once_for_all_of_its_voters() -> None:
    token, _value = create_token("study")
    consent = agree(Actor(voter=None, token=token, network="unix"))
    assert (consent.voter, consent.token) == (None, token)
    bob = voter_of_token(token, "bob")
    assert current_consent(bob) == consent
    assert consent_of(Actor(voter=bob, token=token, network="unix")) == consent


def test_one_token_does_not_consent_for_another() -> None:
    agree(Actor(voter=None, token=create_token("one")[0], network="unix"))
    other = create_token("other")[0]
    assert current_consent(voter_of_token(other, "bob")) is None


def test_a_consent_is_somebodys() -> None:
    with pytest.raises(ValueError, match="voter or a token"):
        agree(Actor(voter=None, token=None, network="unix"))
