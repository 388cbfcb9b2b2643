"""Problem documents (RFC 9457): what every error of the API looks like.

`type` is a stable slug, a relative URI reference that programs compare as it stands (decision 040); `help` leads
to its description for people. `title` is fixed English, `detail` a sentence in the reader's language. There is no
`instance`: it would tell a foreign battle from an unknown one.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt

MEDIA_TYPE: Final = "application/problem+json"


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One kind of error. `detail` is what is said where the error brings no sentence of its own."""

    slug: str
    status: int
    title: str
    detail: str | Promise


_ALL: Final = (
    ProblemType("json-invalid", 400, "Not JSON", _("The body is not a JSON document.")),
    ProblemType(
        "voter-required",
        400,
        "Voter required",
        _("Name your voter in the X-Voter header: 1 to 200 printable ASCII characters."),
    ),
    ProblemType("bad-request", 400, "Bad request", _("The request cannot be understood.")),
    ProblemType("token-invalid", 401, "Token invalid", _("The bearer token is unknown or revoked.")),
    ProblemType(
        "consent-required",
        403,
        "Consent required",
        _("Consent to research first: it is needed to take part in a battle."),
    ),
    ProblemType(
        "csrf-failed",
        403,
        "CSRF check failed",
        _("Send the csrf_token of /api/v1/session in the X-CSRFToken header, together with the cookies."),
    ),
    ProblemType("not-found", 404, "Not found", _("There is nothing at this address.")),
    ProblemType("arena-not-found", 404, "Arena not found", _("There is no such arena.")),
    ProblemType("board-not-found", 404, "No leaderboard then", _("There was no leaderboard at that moment.")),
    ProblemType(
        "board-not-computed",
        404,
        "Leaderboard not computed yet",
        _("This leaderboard is computed every few minutes, once votes of two voters determine it: come back later."),
    ),
    ProblemType("battle-not-found", 404, "Battle not found", _("There is no such battle.")),
    ProblemType("method-not-allowed", 405, "Method not allowed", _("This address does not take this method.")),
    ProblemType("not-ready", 409, "Not ready", _("The battle is not ready for this: both sides must be complete.")),
    ProblemType(
        "not-heard",
        409,
        "Not heard",
        _("Listen to both sides first: `missing` says how many seconds of which side a vote still needs."),
    ),
    ProblemType("already-voted", 409, "Already voted", _("The battle has its vote; it takes no further turn.")),
    ProblemType("too-many-turns", 409, "Too many turns", _("The battle has as many turns as it may have.")),
    ProblemType("vote-conflict", 409, "Vote conflict", _("The battle has another vote already; it stays as it is.")),
    ProblemType("arena-closed", 409, "Arena closed", _("This arena takes no battles now.")),
    ProblemType("already-reported", 409, "Already reported", _("You reported this answer before.")),
    ProblemType(
        "not-determined",
        409,
        "Not determined",
        _("The votes so far do not determine what this method asks for."),
    ),
    ProblemType(
        "too-many-open-battles",
        429,
        "Too many open battles",
        _("Too many of your battles are still running: finish or stop one first."),
    ),
    ProblemType("body-too-large", 413, "Body too large", _("The body is larger than this address takes.")),
    ProblemType("content-type-unsupported", 415, "Content type unsupported", _("Send the body as application/json.")),
    ProblemType("request-invalid", 422, "Request invalid", _("The request has a field that is missing or wrong.")),
    ProblemType("encoding-invalid", 422, "Encoding invalid", _("The body is not valid UTF-8.")),
    ProblemType("prompt-invalid", 422, "Prompt invalid", _("The prompt is empty, too long or wrongly encoded.")),
    ProblemType("prompt-refused", 422, "Prompt refused", _("Moderation did not accept this follow-up.")),
    ProblemType("consent-incomplete", 422, "Consent incomplete", _("Research consent and the age are both needed.")),
    ProblemType("vote-invalid", 422, "Vote invalid", _("The vote has a reason or a feedback that is not accepted.")),
    ProblemType(
        "idempotency-mismatch",
        422,
        "Idempotency key reused",
        _("This Idempotency-Key was used with another body."),
    ),
    ProblemType(
        "rate-limited", 429, "Too many requests", _("To keep the arena fair, the number of requests is limited.")
    ),
    ProblemType("internal-error", 500, "Internal error", _("Something went wrong on our side.")),
    ProblemType(
        "guard-unavailable",
        503,
        "Guard unavailable",
        _("Prompts cannot be checked at the moment: try again later."),
    ),
    ProblemType("unavailable", 503, "Unavailable", _("The arena cannot answer at the moment: try again later.")),
)
#: Every problem type by its slug. A slug is never renamed or removed.
TYPES: Final[Mapping[str, ProblemType]] = {each.slug: each for each in _ALL}


class ProblemRaised(Exception):
    """An error that the API itself found: `slug` names its type, `detail` may say more than the type does."""

    def __init__(self, slug: str, detail: str | None = None, **members: Any) -> None:
        super().__init__(slug)
        self.slug = slug
        self.detail = detail
        self.members = members


def problem(
    slug: str, detail: str | None = None, *, retry_after_s: float | None = None, **members: Any
) -> HttpResponse:
    """The response of one problem.

    Args:
        slug: one of `TYPES`.
        detail: a sentence for the reader, instead of the type's own.
        retry_after_s: seconds after which the same request may succeed; sent as `Retry-After`, rounded up.
        **members: extension members of the document.
    """
    kind = TYPES[slug]
    document = {
        "type": kind.slug,
        "title": kind.title,
        "status": kind.status,
        "detail": str(detail or kind.detail),
        "help": f"{reverse('api:page')}#problem-{kind.slug}",
        **members,
    }
    response = HttpResponse(json.dumps(document), status=kind.status, content_type=MEDIA_TYPE)
    response["Cache-Control"] = "no-store"
    if retry_after_s is not None:
        response["Retry-After"] = str(max(1, math.ceil(retry_after_s)))
    if kind.status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="arena"'
    return response


@csrf_exempt
def nothing_here(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a Django view
    """The view of every address under the API that no endpoint has."""
    return problem("not-found")
