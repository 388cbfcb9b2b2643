"""Public answers of the API are made once a second in a process, however many ask for them.

A leaderboard is the same for everybody and changes every other second at most, yet making one costs milliseconds:
queries, validation, a dozen layers of middleware. What says of itself that it is public is kept whole, headers
included, and given again for `ARENA_PUBLIC_KEPT_S`; a client that names its tag gets 304. Nothing of one visitor is
ever public, and an answer is given again only to requests that agree in what it varies on.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response

_PREFIX: Final = "/api/v1/"
_CONDITION: Final = "HTTP_IF_NONE_MATCH"
MAX_KEPT: Final = 64
MAX_BYTES: Final = 1_000_000

GetResponse = Callable[[HttpRequest], HttpResponseBase]


@dataclass(frozen=True, slots=True)
class _Kept:
    until: float
    headers: tuple[tuple[str, str], ...]
    content: bytes
    vary: tuple[str, ...]
    varying: tuple[str | None, ...]
    # Where the request led: the log and the metrics name the route.
    resolver_match: Any

    def fits(self, request: HttpRequest) -> bool:
        return time.monotonic() < self.until and self.varying == _values(request, self.vary)

    def answer(self, request: HttpRequest) -> HttpResponse:
        request.resolver_match = self.resolver_match
        return HttpResponse(self.content, headers=dict(self.headers))


class KeptAnswers:
    """Middleware, the first behind the request's log line: what is kept passes nothing else."""

    def __init__(self, get_response: GetResponse) -> None:
        """Wrap the rest of the site."""
        self._get_response = get_response
        self._kept: dict[tuple[str | None, ...], _Kept] = {}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer from what is kept, or keep the answer where it may be kept."""
        if request.method != "GET" or not settings.ARENA_PUBLIC_KEPT_S or not request.path.startswith(_PREFIX):
            return self._get_response(request)
        # The host is part of it: another name may be one that the site refuses.
        place = (request.scheme, request.META.get("HTTP_HOST"), request.get_full_path())
        kept = self._kept.get(place)
        if kept is not None and kept.fits(request):
            return _conditional(request, kept.answer(request))
        # The whole answer is wanted, also where this client has it already.
        condition = request.META.pop(_CONDITION, None)
        response = self._get_response(request)
        if condition is not None:
            request.META[_CONDITION] = condition
        if isinstance(response, HttpResponse):
            self._keep(place, request, response)
            return _conditional(request, response)
        return response

    def _keep(self, place: tuple[str | None, ...], request: HttpRequest, response: HttpResponse) -> None:
        if not _is_public(response) or len(response.content) > MAX_BYTES:
            return
        if len(self._kept) >= MAX_KEPT:
            self._kept.clear()
        vary = tuple(name.strip() for name in response.get("Vary", "").split(",") if name.strip())
        until = time.monotonic() + settings.ARENA_PUBLIC_KEPT_S
        headers, content = tuple(response.items()), bytes(response.content)
        self._kept[place] = _Kept(until, headers, content, vary, _values(request, vary), request.resolver_match)


def _values(request: HttpRequest, names: tuple[str, ...]) -> tuple[str | None, ...]:
    return tuple(request.headers.get(name) for name in names)


def _is_public(response: HttpResponse) -> bool:
    said = {part.strip() for part in response.get("Cache-Control", "").split(",")}
    return response.status_code == 200 and "public" in said and not response.cookies and response.get("Vary") != "*"


def _conditional(request: HttpRequest, response: HttpResponse) -> HttpResponseBase:
    etag = response.get("ETag")
    if etag is None:
        return response
    answer: HttpResponseBase = get_conditional_response(request, etag=etag, response=response) or response
    return answer
