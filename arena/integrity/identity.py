"""Who a browser's request comes from, for the pages and for the API alike.

A visitor has no session: the voter is found by a secret cookie, which exists only after consent was given.
"""

from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from arena.accounts.models import Consent
from arena.accounts.selectors import voter_of_cookie
from arena.accounts.services import Actor, create_browser_voter, record_consent
from arena.integrity.network import client_network
from arena.integrity.services import admit

COOKIE_MAX_AGE_S: Final = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Given:
    """A consent just recorded. `cookie` is the value to hand to a browser that had none, else None."""

    actor: Actor
    consent: Consent
    cookie: str | None


def browser_actor(request: HttpRequest) -> Actor:
    """The voter of the request's cookie (None before consent) and the network that it comes from."""
    value = request.COOKIES.get(settings.VOTER_COOKIE)
    return Actor(voter=voter_of_cookie(value), token=None, network=client_network(request))


def consent_in_browser(
    request: HttpRequest, *, research: bool, publication: bool, age_16: bool, language: str
) -> Given:
    """Record a browser's consent; the first one creates its voter.

    Raises:
        ConsentIncomplete: research consent or the age is missing; nothing is stored then, no voter either.
        LimitReached: too many consents from this network.
    """
    actor, cookie = browser_actor(request), None
    admit("consent", actor)
    with transaction.atomic():
        if actor.voter is None:
            voter, cookie = create_browser_voter()
            actor = Actor(voter=voter, token=None, network=actor.network)
        consent = record_consent(actor, research=research, publication=publication, age_16=age_16, language=language)
    return Given(actor, consent, cookie)


def keep_voter(response: HttpResponse, cookie: str | None) -> None:
    """Hand the voter's cookie to the browser, if a voter was created; out of reach of scripts and other sites."""
    if cookie is not None:
        response.set_cookie(
            settings.VOTER_COOKIE,
            cookie,
            max_age=COOKIE_MAX_AGE_S,
            path="/",
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
