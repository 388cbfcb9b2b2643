"""From an exception to its problem document: the one table, and the handlers that ninja calls.

`tests/api/test_problems.py` walks the error trees below the API and fails where a new error has no line here.
"""

import logging
from collections.abc import Callable
from typing import Any, Final

from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from arena.accounts.errors import ConsentIncomplete, ExternalIdInvalid
from arena.api.parsing import NotText
from arena.api.problems import ProblemRaised, problem
from arena.arenas.selectors import ArenaNotFound
from arena.battles import errors as battles
from arena.integrity.errors import ConsentRequired, LimitReached, TooManyOpen
from arena.rankings.bradley_terry import RankingError
from arena.rankings.computing import NoBoardThen, NoBoardYet
from arena.rankings.filters import FilterError
from arena.rankings.imports import NoSuchSource
from arena.router.errors import GuardUnavailable, PromptInvalid
from arena.router.messages import message_of
from arena.votes.receipts import ReceiptInvalid
from arena.votes.services import NotHeard, VoteConflict, VoteInvalid

logger = logging.getLogger(__name__)
RETRY_AFTER_S: Final = 5

#: Errors whose type says everything.
SLUGS: Final[dict[type[Exception], str]] = {
    ArenaNotFound: "arena-not-found",
    ConsentIncomplete: "consent-incomplete",
    ConsentRequired: "consent-required",
    ExternalIdInvalid: "voter-required",
    Http404: "not-found",
    NoBoardThen: "board-not-found",
    NoSuchSource: "not-found",
    NoBoardYet: "board-not-computed",
    RankingError: "not-determined",
    RequestDataTooBig: "body-too-large",
    VoteConflict: "vote-conflict",
    battles.AlreadyReported: "already-reported",
    battles.AlreadyVoted: "already-voted",
    battles.ArenaClosed: "arena-closed",
    battles.BattleNotFound: "battle-not-found",
    ReceiptInvalid: "battle-not-found",
    battles.IdempotencyMismatch: "idempotency-mismatch",
    battles.NotReady: "not-ready",
    battles.TooManyTurns: "too-many-turns",
}


def _limit(error: LimitReached) -> HttpResponse:
    slug = "too-many-open-battles" if isinstance(error, TooManyOpen) else "rate-limited"
    return problem(slug, retry_after_s=error.retry_after_s)


def _guard(error: GuardUnavailable) -> HttpResponse:  # noqa: ARG001
    return problem("guard-unavailable", retry_after_s=RETRY_AFTER_S)


def _prompt(error: PromptInvalid) -> HttpResponse:
    return problem("prompt-invalid", str(error.message), code=error.code)


def _refused(error: battles.PromptRefused) -> HttpResponse:
    return problem("prompt-refused", message_of(error.code), code=error.code)


def _filter(error: FilterError) -> HttpResponse:
    errors = [{"where": f"query.{error.field}", "code": "filter", "message": str(error)}]
    return problem("request-invalid", str(error), errors=errors)


def _vote(error: VoteInvalid) -> HttpResponse:
    errors = [{"where": f"body.{error.field}", "code": error.code, "message": str(error)}]
    return problem("vote-invalid", errors=errors)


def _not_heard(error: NotHeard) -> HttpResponse:
    heard = error.heard
    return problem("not-heard", heard=dict(heard.seconds), required_s=heard.required_s, missing=error.missing)


def _raised(error: ProblemRaised) -> HttpResponse:
    return problem(error.slug, error.detail, **error.members)


def _http(error: HttpError) -> HttpResponse:
    """Only ninja's body parser raises this."""
    return problem("encoding-invalid" if isinstance(error.__cause__, NotText) else "json-invalid")


def _field(raw: dict[str, Any]) -> dict[str, str]:
    where = ".".join(str(part) for part in raw["loc"][:1] + raw["loc"][2 if raw["loc"][0] == "body" else 1 :])
    # An error of our own carries its sentence; pydantic would put "Value error, " before it.
    message = str(raw.get("ctx", {}).get("error", raw["msg"]))
    return {"where": where, "code": raw["type"], "message": message}


def _named(error: dict[str, str]) -> str:
    """The field and, where the sentence is one of ours, what it may be."""
    return f"{error['where']} ({error['message']})" if error["code"] == "value_error" else error["where"]


def _fields(error: ValidationError) -> HttpResponse:
    errors = [_field(raw) for raw in error.errors]
    names = ", ".join(sorted({_named(each) for each in errors}))
    return problem("request-invalid", _("Missing or wrong: %(names)s.") % {"names": names}, errors=errors)


def _database(error: DatabaseError | InterfaceError) -> HttpResponse:
    """The database is away, full, or gave way to another transaction: the same request may succeed soon."""
    logger.warning("database unavailable: %s", type(error.__cause__ or error).__name__)
    return problem("unavailable", retry_after_s=RETRY_AFTER_S)


def _unexpected(error: Exception) -> HttpResponse:
    logger.error("uncaught in the API", exc_info=error)
    return problem("internal-error")


#: Errors that bring something of their own into the document.
HANDLERS: Final[dict[type[Exception], Callable[[Any], HttpResponse]]] = {
    Exception: _unexpected,
    FilterError: _filter,
    GuardUnavailable: _guard,
    HttpError: _http,
    InterfaceError: _database,
    LimitReached: _limit,
    NotHeard: _not_heard,
    OperationalError: _database,
    ProblemRaised: _raised,
    PromptInvalid: _prompt,
    ValidationError: _fields,
    VoteInvalid: _vote,
    battles.PromptRefused: _refused,
}


def answer(error: Exception) -> HttpResponse:
    """The problem document of any exception; the nearest class of its line of descent decides."""
    for kind in type(error).__mro__:
        if kind in HANDLERS:
            return HANDLERS[kind](error)
        if kind in SLUGS:
            return problem(SLUGS[kind])
    raise error


def register(api: NinjaAPI) -> None:
    """Make `answer` the only handler of `api`."""

    def handle(request: HttpRequest, error: Any) -> HttpResponse:  # noqa: ARG001
        return answer(error)

    for kind in (*HANDLERS, *SLUGS):
        api.add_exception_handler(kind, handle)
