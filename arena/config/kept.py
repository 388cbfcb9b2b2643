"""Public answers are made once a second in a process, however many ask for them.

A leaderboard is the same for everybody and changes every other second at most, yet making one costs milliseconds:
queries, validation or templates, a dozen layers of middleware. What says of itself that it is public is kept whole,
headers included, and given again for `ARENA_PUBLIC_KEPT_S` by the event loop, without a thread and without Django; a
client that names its tag gets 304. Nothing of one visitor is ever public: such an answer may depend on its address and
on the language, and on nothing else.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.cookie import parse_cookie
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import parse_etags
from django.utils.translation import get_language_from_request

from arena.common import tracing
from arena.config.middleware import request_id_from, route_of, tell

MAX_KEPT: Final = 128
MAX_BYTES: Final = 1_000_000
#: Of a request: what decides where its answer is kept, who asked, and whether it has the answer already.
_READ: Final = frozenset(
    {b"host", b"cookie", b"accept-language", b"x-forwarded-proto", b"if-none-match", b"x-request-id"}
)
#: A request with one of these wants more than what is kept: it goes through the site.
_DEMANDING: Final = frozenset({b"if-match", b"if-unmodified-since", b"content-length", b"transfer-encoding"})
#: What an answer may vary on: both mean its language.
_VARIES: Final = frozenset({"accept-language", "cookie"})
#: What describes the body, which a 304 does not have.
_OF_THE_BODY: Final = frozenset({"content-type", "content-length"})

Place: TypeAlias = tuple[bytes | str, ...]
GetResponse: TypeAlias = Callable[[HttpRequest], HttpResponseBase]
Headers: TypeAlias = list[tuple[bytes, bytes]]


@dataclass(slots=True)
class Answer:
    """One answer as it goes over the wire. `renewed`: somebody is making the next one."""

    until: float
    route: str
    etag: str
    headers: Headers
    unchanged: Headers
    body: bytes
    renewed: bool = False


class KeptAnswers:
    """The answers that a process keeps. Found in the event loop, kept from the threads that made them."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._answers: dict[Place, Answer] = {}

    async def answer(self, scope: Any, send: Any) -> bool:
        """Send what is kept for this request, or 304, with an id and a place in the numbers; False: there is none."""
        started, found = time.perf_counter(), self._find(scope)
        if found is None:
            return False
        said, peer = _said(scope), (scope.get("client") or ("",))[0]
        request_id = request_id_from(said.get(b"x-request-id", b"").decode("latin-1"), peer)
        known = _names(said.get(b"if-none-match", b"").decode("latin-1"), found.etag)
        status = HTTPStatus.NOT_MODIFIED if known else HTTPStatus.OK
        headers = [*(found.unchanged if known else found.headers), (tracing.HEADER.encode(), request_id.encode())]
        await send({"type": "http.response.start", "status": status.value, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if known else found.body})
        with tracing.use(request_id):
            tell("GET", found.route, scope["path"], status.value, time.perf_counter() - started)
        return True

    def _find(self, scope: Any) -> Answer | None:
        """The answer that is kept for this request.

        Whoever asks first after its time makes a new one; until that is there, or the time is over twice, the others
        get the old one.
        """
        place = _place(scope)
        answer = self._answers.get(place) if place else None
        now = time.monotonic()
        if answer is None or now >= answer.until + settings.ARENA_PUBLIC_KEPT_S:
            return None
        if now >= answer.until and not answer.renewed:
            answer.renewed = True
            return None
        return answer

    def keep(self, scope: Any, request: HttpRequest, response: HttpResponse) -> None:
        """Keep an answer, if it is public and small, and in the language that its place says."""
        place = _place(scope)
        if place is None or len(response.content) > MAX_BYTES or response.get("Content-Language") != place[-1]:
            return
        if len(self._answers) >= MAX_KEPT:
            self._answers.clear()
        self._answers[place] = Answer(
            until=time.monotonic() + settings.ARENA_PUBLIC_KEPT_S,
            route=route_of(request),
            etag=response["ETag"],
            headers=_encoded(response.items()),
            unchanged=_encoded(pair for pair in response.items() if pair[0].lower() not in _OF_THE_BODY),
            body=bytes(response.content),
        )


#: Of this process.
answers: Final = KeptAnswers()


class PublicAnswers:
    """Middleware, the first behind the request's log line: what is public gets a tag, is kept, and is sent once."""

    def __init__(self, get_response: GetResponse) -> None:
        """Wrap the rest of the site."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer; 304 where the client has it already."""
        response = self._get_response(request)
        if request.method not in {"GET", "HEAD"} or not isinstance(response, HttpResponse) or not _is_public(response):
            return response
        response.headers.setdefault("ETag", f'"{sha256(response.content).hexdigest()[:32]}"')
        answers.keep(getattr(request, "scope", None), request, response)
        found = get_conditional_response(request, etag=response["ETag"], response=response)
        return _with_headers_of(response, found)


def _said(scope: Any) -> dict[bytes, bytes]:
    """The headers that matter here; one that is repeated is joined as Django joins it."""
    said: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in _READ:
            joint = b"; " if name == b"cookie" else b","
            said[name] = said[name] + joint + value if name in said else value
    return said


def _place(scope: Any) -> Place | None:
    """Everything that a public answer may depend on, its language last; None: this request's answer is not kept."""
    if scope is None or scope["method"] != "GET" or not settings.ARENA_PUBLIC_KEPT_S:
        return None
    if any(name in _DEMANDING for name, _value in scope["headers"]):
        return None
    said = _said(scope)
    cookie, accepted = said.get(b"cookie", b""), said.get(b"accept-language", b"")
    chosen = cookie.decode("latin-1") if settings.LANGUAGE_COOKIE_NAME.encode() in cookie else ""
    # The host is part of it: another name may be one that the site refuses.
    asked = (said.get(b"x-forwarded-proto", b""), said.get(b"host", b""), scope["path"], scope["query_string"])
    return (*asked, _language(chosen, accepted.decode("latin-1")))


@lru_cache(maxsize=1024)
def _language(cookie: str, accepted: str) -> str:
    """The language that Django chooses for a request with these headers."""
    request = HttpRequest()
    request.COOKIES = parse_cookie(cookie)
    request.META["HTTP_ACCEPT_LANGUAGE"] = accepted
    return get_language_from_request(request)


def _names(condition: str, etag: str) -> bool:
    """Whether `If-None-Match` names the tag, by weak comparison."""
    if not condition or condition == etag:
        return bool(condition)
    return any(tag == "*" or tag.removeprefix("W/") == etag.removeprefix("W/") for tag in parse_etags(condition))


def _is_public(response: HttpResponse) -> bool:
    said = {part.strip() for part in response.get("Cache-Control", "").split(",")}
    varies = {part.strip().lower() for part in response.get("Vary", "").split(",") if part.strip()}
    return response.status_code == HTTPStatus.OK and "public" in said and not response.cookies and varies <= _VARIES


def _with_headers_of(response: HttpResponse, found: HttpResponseBase | None) -> HttpResponseBase:
    """A 304 with all the headers of the answer that it stands for, but for those of its body."""
    if found is None or found is response:
        return response
    for name, value in response.items():
        if name.lower() not in _OF_THE_BODY:
            found.headers.setdefault(name, value)
    return found


def _encoded(headers: Iterable[tuple[str, str]]) -> Headers:
    return [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers]
