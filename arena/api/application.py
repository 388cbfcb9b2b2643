"""The API, put together: routers, strict parser, problem documents."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from ninja import NinjaAPI

from arena.api import failures
from arena.api.openapi import document, query_parameters
from arena.api.parsing import StrictParser
from arena.api.problems import problem
from arena.api.routes import battles, boards, other_boards, rankings, releases, session

View = Callable[..., HttpResponse]

DESCRIPTION: Final = """\
Blind battles of generative systems: start one, follow it, vote, and only then see who answered.

Errors are problem documents (RFC 9457); compare `type`, which is stable. Programs send
`Authorization: Bearer TOKEN` and name their voters by `X-Voter`; browsers send the voter cookie and `X-CSRFToken`.
"""

#: Unknown parameters that a problem names.
UNKNOWN_TOLD: Final = 10

api: Final = NinjaAPI(
    title="Preference Arena",
    version="1",
    description=DESCRIPTION,
    openapi_url=None,
    docs_url=None,
    urls_namespace="api-v1",
    parser=StrictParser(),
)
for router in (session.router, battles.router, boards.router, other_boards.router, rankings.router, releases.router):
    api.add_router("", router)
failures.register(api)


@csrf_exempt
@require_http_methods(["GET"])
def openapi_json(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a Django view
    """The OpenAPI document."""
    response = JsonResponse(document(api))
    response["Cache-Control"] = "public, max-age=300"
    return response


def polite(view: View, address: str | None = None) -> View:
    """Let HEAD ask what GET answers, and let a wrong method or an unknown parameter be a problem document too.

    address: of the view in the OpenAPI document, which knows the parameters; None: there are none to know.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        is_head = request.method == "HEAD"
        if is_head:
            request.method = "GET"
        response = _unknown_parameters(request, address) or view(request, *args, **kwargs)
        if is_head:
            request.method = "HEAD"
        if response.status_code == 405:
            allowed = response["Allow"]
            response = problem("method-not-allowed")
            response["Allow"] = allowed.replace("GET", "GET, HEAD")
        return response

    return wrapped


def _unknown_parameters(request: HttpRequest, address: str | None) -> HttpResponse | None:
    """A problem that names what is not known and what is: a misspelt filter must not give the board of all votes."""
    if not request.GET:
        return None
    known = query_parameters(api, address, str(request.method))
    unknown = sorted(set(request.GET) - set(known))
    if not unknown:
        return None
    there = ", ".join(known) or _("none")
    errors = [
        {
            "where": f"query.{name[:80]}",
            "code": "unknown_parameter",
            "message": _("There is no such parameter. There are: %(known)s.") % {"known": there},
        }
        for name in unknown[:UNKNOWN_TOLD]
    ]
    names = ", ".join(name[:80] for name in unknown[:UNKNOWN_TOLD])
    detail = _("Unknown: %(names)s. This address takes: %(known)s.") % {"names": names, "known": there}
    return problem("request-invalid", detail, errors=errors)
