"""Who calls the API: a program by its bearer token, or a browser by its voter cookie and Django's CSRF token.

A request with both is the program's: a cookie that a browser adds by itself never outweighs a header that
somebody set on purpose (decision 041). The order of `IDENTITY` says so.
"""

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from ninja.security.base import AuthBase, SecuritySchema

from arena.accounts.models import Voter
from arena.accounts.services import Actor
from arena.api.parsing import MAX_BODY_BYTES
from arena.api.problems import ProblemRaised
from arena.integrity.identity import browser_actor
from arena.integrity.network import client_network
from arena.integrity.programs import BadToken, BadVoterName, program_actor, says_bearer

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def _check_body(request: HttpRequest) -> None:
    """Refuse a body of the wrong kind or size before anything reads it as something else."""
    if request.method in _SAFE:
        return
    if len(request.body) > MAX_BODY_BYTES:
        raise ProblemRaised("body-too-large")
    if request.body and request.content_type != "application/json":
        raise ProblemRaised("content-type-unsupported")


class _Csrf(CsrfViewMiddleware):
    """Django's check, without the page that Django would render for a person."""

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:  # noqa: ARG002 - Django's signature
        raise ProblemRaised("csrf-failed")


def _unused_view(request: HttpRequest) -> HttpResponse:
    raise NotImplementedError


_csrf: Final = _Csrf(_unused_view)


def _check_csrf(request: HttpRequest) -> None:
    """The check that the middleware leaves out: it takes every endpoint of ninja for exempt.

    Raises:
        ProblemRaised: `csrf-failed`.
    """
    request.csrf_processing_done = False  # type: ignore[attr-defined] # how the middleware knows that it was here
    _csrf.process_request(request)
    _csrf.process_view(request, _unused_view, (), {})


class Program(AuthBase):
    """`Authorization: Bearer …`, with the voter named by `X-Voter` where one is needed."""

    def __init__(self, *, voter_needed: bool) -> None:
        self.voter_needed = voter_needed
        self.openapi_security_schema = SecuritySchema(
            type="http",
            scheme="bearer",
            description="The token of a program, printed once by `manage.py create_token NAME`. No CSRF token.",
        )

    def __call__(self, request: HttpRequest) -> Actor | None:
        """The program's actor, or None where the request has no bearer token."""
        _check_body(request)
        authorization = request.headers.get("Authorization")
        if authorization is None or not says_bearer(authorization):
            return None
        try:
            return program_actor(
                authorization,
                request.headers.get("X-Voter"),
                client_network(request),
                voter_needed=self.voter_needed,
            )
        except BadToken:
            raise ProblemRaised("token-invalid") from None
        except BadVoterName:
            raise ProblemRaised("voter-required") from None


class Browser(AuthBase):
    """The voter's cookie; what changes anything needs Django's CSRF token too."""

    def __init__(self) -> None:
        described = (
            "The cookie that the first consent sets. Requests other than GET also need `X-CSRFToken`, "
            "from `GET /api/v1/session`."
        )
        where = {"in": "cookie", "name": settings.VOTER_COOKIE}
        self.openapi_security_schema = SecuritySchema(type="apiKey", description=described, **where)

    def __call__(self, request: HttpRequest) -> Actor:
        """The browser's actor; without consent yet it has no voter."""
        if request.method not in _SAFE:
            _check_csrf(request)
        return browser_actor(request)


#: A program must name its voter.
IDENTITY: Final = [Program(voter_needed=True), Browser()]
#: A program may speak for itself.
IDENTITY_OR_PROGRAM: Final = [Program(voter_needed=False), Browser()]


def actor_of(request: HttpRequest) -> Actor:
    """Who calls, as `IDENTITY` found out."""
    actor = getattr(request, "auth", None)
    if not isinstance(actor, Actor):
        raise TypeError("the endpoint has no auth")
    return actor


def owner_of(actor: Actor) -> Voter:
    """The voter of a request for a battle: who has none owns no battle.

    Raises:
        ProblemRaised: `battle-not-found`, as for any battle of somebody else.
    """
    if actor.voter is None:
        raise ProblemRaised("battle-not-found")
    return actor.voter
