"""The outermost layer of every request: its id, its line in the log, its place in the numbers."""

import logging
import time
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from arena.common import measures, tracing
from arena.integrity.network import from_trusted_proxy

logger = logging.getLogger("arena.requests")

#: What probes and browsers ask for all the time would bury the rest.
_QUIET: Final = ("/healthz", "/readyz", "/metrics")
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class RequestTrace:
    """Give the request its id, and write one line when it is answered: neither address nor path, but the route."""

    def __init__(self, get_response: GetResponse) -> None:
        """Wrap the rest of the site."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer under the request's id."""
        started = time.perf_counter()
        request_id = request_id_of(request)
        with tracing.use(request_id):
            response = self._get_response(request)
            response[tracing.HEADER] = request_id
            _tell(request, response.status_code, time.perf_counter() - started)
        return response


def request_id_of(request: HttpRequest) -> str:
    """The id that a trusted proxy gave, else a new one: a visitor must not choose what our logs are searched by."""
    given = request.headers.get(tracing.HEADER, "")
    return given if tracing.is_valid(given) and from_trusted_proxy(request) else tracing.new_id()


def _tell(request: HttpRequest, status: int, seconds: float) -> None:
    method, route = method_of(request), route_of(request)
    measures.HTTP_REQUESTS.count(method, route, status)
    measures.HTTP_S.observe(route, seconds=seconds)
    if not request.path.startswith((*_QUIET, settings.STATIC_URL)):
        fields = {"method": method, "route": route, "status": status, "duration_ms": round(seconds * 1000, 1)}
        logger.info("request", extra=fields)


def method_of(request: HttpRequest) -> str:
    """The method, if it is one that HTTP knows; a client may send anything."""
    return str(request.method) if request.method in _METHODS else "other"


def route_of(request: HttpRequest) -> str:
    """The pattern that the path matched, with the names of its parts instead of their values."""
    if request.path.startswith(settings.STATIC_URL):
        return "static"
    return f"/{request.resolver_match.route}" if request.resolver_match else "unmatched"
