"""Session and consent: how a browser or a program begins."""

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.utils.translation import get_language
from ninja import Router

from arena.accounts.models import Consent
from arena.accounts.services import Actor, consent_of, record_consent
from arena.api.auth import IDENTITY_OR_PROGRAM, actor_of
from arena.api.bodies import ConsentIn
from arena.api.openapi import problems
from arena.api.rendering import rendered
from arena.api.schemas import ConsentOut, SessionOut
from arena.integrity.identity import consent_in_browser, keep_voter
from arena.integrity.services import admit

router = Router(tags=["session"])


def _consent(actor: Actor) -> ConsentOut | None:
    consent = consent_of(actor)
    return None if consent is None else ConsentOut.model_validate(consent)


@router.get(
    "/session", auth=IDENTITY_OR_PROGRAM, operation_id="session", response={200: SessionOut, **problems(400, 401)}
)
def session(request: HttpRequest) -> HttpResponse:
    """What a browser needs to begin.

    Sets the CSRF cookie; send `csrf_token` back in `X-CSRFToken` with every request that is no GET. `consent` is
    null until the voter (or, for a program, the token) consented.
    """
    return rendered(SessionOut(csrf_token=get_token(request), consent=_consent(actor_of(request))))


def _of_program(actor: Actor, body: ConsentIn) -> Consent:
    admit("consent", actor)
    return record_consent(actor, **body.model_dump(), language=get_language() or "en")


@router.post(
    "/consent",
    auth=IDENTITY_OR_PROGRAM,
    operation_id="consent",
    response={201: ConsentOut, **problems(400, 401, 403, 413, 415, 422, 429)},
)
def consent(request: HttpRequest, body: ConsentIn) -> HttpResponse:
    """Consent, or change what was consented to; the newest answer counts.

    A browser's first consent sets the voter cookie. A program consents once for its token and asks its voters
    itself.
    """
    actor = actor_of(request)
    if actor.token is not None:
        return rendered(ConsentOut.model_validate(_of_program(actor, body)), 201)
    given = consent_in_browser(request, **body.model_dump(), language=get_language() or "en")
    response = rendered(ConsentOut.model_validate(given.consent), 201)
    keep_voter(response, given.cookie)
    return response
