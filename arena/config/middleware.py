"""The outermost layer of every request: its id, its line in the log, its place in the numbers."""

import logging
import sys
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from django.conf import settings
from django.core.signals import got_request_exception
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponseBase

from arena.common import measures, tracing
from arena.integrity.network import is_trusted_proxy

logger = logging.getLogger("arena.requests")

#: What probes and browsers ask for all the time would bury the rest.
_QUIET: Final = ("/healthz", "/readyz", "/metrics")
_READS: Final = frozenset({"GET", "HEAD"})
#: A page that took longer is worth a line.
SLOW_S: Final = 1.0
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
        request_id = request_id_from(request.headers.get(tracing.HEADER, ""), request.META.get("REMOTE_ADDR", ""))
        with tracing.use(request_id):
            response = self._get_response(request)
            response[tracing.HEADER] = request_id
            tell(
                method_of(request),
                route_of(request),
                request.path,
                response.status_code,
                time.perf_counter() - started,
            )
        return response


class ResourcePolicy:
    """Other sites may not load what this one sends, neither as an image nor as a script."""

    def __init__(self, get_response: GetResponse) -> None:
        """Wrap the rest of the site."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer; a view that publishes a file to everybody sets a policy of its own."""
        response = self._get_response(request)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


def request_id_from(given: str, peer: str) -> str:
    """The id that a trusted proxy gave, else a new one: a visitor must not choose what our logs are searched by."""
    return given if tracing.is_valid(given) and is_trusted_proxy(peer) else tracing.new_id()


@receiver(got_request_exception)
def log_exception(**_signal: Any) -> None:
    """Write down what a view raised, while its request's id is known."""
    logger.error("a view failed", exc_info=sys.exc_info())


def tell(method: str, route: str, path: str, status: int, seconds: float) -> None:
    """Count a request that was answered, and write its line."""
    measures.HTTP_REQUESTS.count(method, route, status)
    measures.HTTP_S.observe(route, seconds=seconds)
    if not path.startswith((*_QUIET, settings.STATIC_URL)):
        fields = {"method": method, "route": route, "status": status, "duration_ms": round(seconds * 1000, 1)}
        # Pages that were read without trouble are counted above; a line for each would cost more than some of them.
        is_plain = method in _READS and status < HTTPStatus.BAD_REQUEST and seconds < SLOW_S
        logger.log(logging.DEBUG if is_plain else logging.INFO, "request", extra=fields)


def method_of(request: HttpRequest) -> str:
    """The method, if it is one that HTTP knows; a client may send anything."""
    return str(request.method) if request.method in _METHODS else "other"


def route_of(request: HttpRequest) -> str:
    """The pattern that the path matched, with the names of its parts instead of their values."""
    if request.path.startswith(settings.STATIC_URL):
        return "static"
    return f"/{request.resolver_match.route}" if request.resolver_match else "unmatched"
