"""Public answers are made once a second, and what belongs to one visitor is never kept."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connections
from django.http import HttpRequest, HttpResponse

from arena.arenas.models import Arena
from arena.common import measures, tracing
from arena.config import kept
from arena.config.http import ThreadedHandler
from arena.systems.models import System
from tests.asgi import ask
from tests.ballots import make_arena, make_versions

pytestmark = pytest.mark.django_db
BOARD = "/api/v1/arenas/text/leaderboard"
PAGE = "/arenas/text/leaderboard"

Answer: TypeAlias = tuple[int, dict[str, str], bytes]
Ask: TypeAlias = Callable[..., Answer]


@pytest.fixture
def arena(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Arena]:
    settings.ARENA_PUBLIC_KEPT_S = 60
    arena = make_arena()
    make_versions(arena, ["Ada", "Bo"])
    yield arena
    kept.answers.__init__()  # type: ignore[misc]


@pytest.fixture
def get(arena: Arena, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ask]:
    """Ask the site's handler, whose threads work in the transaction of the test."""
    own, respond = connections["default"], ThreadedHandler._respond
    own.inc_thread_sharing()
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)

    def in_this_transaction(handler: ThreadedHandler, scope: Any, body: Any) -> Any:
        connections["default"] = own
        return respond(handler, scope, body)

    monkeypatch.setattr(ThreadedHandler, "_respond", in_this_transaction)
    handler = ThreadedHandler(kept.answers)
    yield lambda path, **headers: asyncio.run(ask(handler, path, **headers))
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
    own.dec_thread_sharing()


def unlike_by_request(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name != tracing.HEADER}


def rename(name: str = "Eve") -> None:
    """What is made now differs from what was made before."""
    System.objects.filter(name__in=["Ada", "Eve"]).update(name=name)


@pytest.mark.parametrize("path", [BOARD, PAGE])
def test_what_many_ask_for_is_made_once(get: Ask, path: str) -> None:
    first = get(path)
    rename()
    again = get(path)
    same = get(path, if_none_match=f'"x", {first[1]["ETag"]}')
    other = get(path, if_none_match='"another"')
    assert first[0] == 200
    assert again[2] == first[2] == other[2]
    assert unlike_by_request(again[1]) == unlike_by_request(first[1])
    of_the_body = {"Content-Type", "Content-Length"}
    assert (same[0], same[2]) == (304, b"")
    assert unlike_by_request(same[1]) == {
        name: value for name, value in unlike_by_request(first[1]).items() if name not in of_the_body
    }


def test_what_is_kept_passes_neither_thread_nor_middleware(get: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    get(PAGE)
    monkeypatch.setattr(ThreadedHandler, "_respond", lambda *_args: pytest.fail("the site was asked"))
    assert get(PAGE)[0] == 200


def test_a_client_that_names_a_tag_first_lets_the_next_one_profit(get: Ask) -> None:
    tag = get(BOARD)[1]["ETag"]
    kept.answers.__init__()  # type: ignore[misc]
    assert get(BOARD, if_none_match=tag)[0] == 304
    rename()
    assert b"Ada" in get(BOARD)[2]


def test_after_its_time_one_request_makes_the_next_and_the_others_do_not_wait(
    get: Ask, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(kept.time, "monotonic", lambda: now)
    get(BOARD)
    rename()
    now += 61
    (found,) = kept.answers._answers.values()
    found.renewed = True  # somebody asked a moment ago
    assert b"Ada" in get(BOARD)[2]
    found.renewed = False
    assert b"Eve" in get(BOARD)[2]
    assert b"Eve" in get(BOARD)[2]
    rename("Ada")
    now += 121
    (found,) = kept.answers._answers.values()
    found.renewed = True  # and it never came
    assert b"Ada" in get(BOARD)[2]


def test_every_answer_has_an_id_and_is_counted(get: Ask, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ARENA_TRUSTED_PROXIES = ["127.0.0.1"]
    tag = get(PAGE)[1]["ETag"]
    counted: list[tuple[object, ...]] = []
    monkeypatch.setattr(type(measures.HTTP_REQUESTS), "count", lambda _self, *values: counted.append(values))
    ids = [get(PAGE)[1][tracing.HEADER] for _ in range(2)]
    given = get(PAGE, x_request_id="0e4fd4c3-95c1-4a7f", if_none_match=tag)[1][tracing.HEADER]
    assert len({*ids, given}) == 3
    assert given == "0e4fd4c3-95c1-4a7f"
    route = "/arenas/<slug:slug>/leaderboard"
    assert counted == [("GET", route, 200), ("GET", route, 200), ("GET", route, 304)]


def test_what_belongs_to_one_visitor_is_not_kept(get: Ask) -> None:
    bodies = {get("/api/v1/session")[2] for _ in range(2)}
    assert len(bodies) == 2
    assert not kept.answers._answers
    pages = {get("/arenas/text")[2] for _ in range(2)}
    assert len(pages) == 2
    assert not kept.answers._answers


@pytest.mark.parametrize("said", [{"Vary": "Authorization"}, {"Set-Cookie": "a=1"}, {"Cache-Control": "private"}])
def test_an_answer_that_may_be_somebodys_is_not_kept(get: Ask, said: dict[str, str]) -> None:
    def view(_request: HttpRequest) -> HttpResponse:
        response = HttpResponse("mine", headers={"Cache-Control": "public", **said})
        if "Set-Cookie" in said:
            response.set_cookie("a", "1")
        return response

    handler = ThreadedHandler(kept.answers)
    handler._middleware_chain = kept.PublicAnswers(view)  # type: ignore[assignment]
    asyncio.run(ask(handler, "/mine"))
    assert not kept.answers._answers


def test_another_query_or_language_is_another_answer(get: Ask) -> None:
    french = get(PAGE, accept_language="fr")
    chosen = get(PAGE, cookie="a=b; django_language=fr", accept_language="en")
    english = get(PAGE)
    assert [one[1]["Content-Language"] for one in (french, chosen, english)] == ["fr", "fr", "en"]
    assert get(f"{BOARD}?language=FR")[0] == 422
    assert get(f"{PAGE}?order=votes")[2] != english[2]
    assert get(PAGE, accept_language="fr")[2] == french[2]


def test_two_cookies_of_one_name_do_not_change_what_others_read(get: Ask) -> None:
    handler = ThreadedHandler(kept.answers)
    twice = [(b"host", b"127.0.0.1"), (b"cookie", b"django_language=fr"), (b"cookie", b"django_language=en")]

    async def sent(_message: Any) -> None:
        return

    async def body() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": "GET", "path": PAGE, "query_string": b"", "headers": twice}
    asyncio.run(handler(scope, body, sent))
    for cookie, language in (("django_language=fr", "fr"), ("django_language=en", "en")):
        assert get(PAGE, cookie=cookie)[1]["Content-Language"] == language


def test_a_host_that_the_site_refuses_gets_nothing_kept(get: Ask) -> None:
    assert get(BOARD)[0] == 200
    assert get(BOARD, host="evil.example")[0] == 400


def test_a_condition_that_only_the_site_understands_reaches_it(get: Ask) -> None:
    assert get(BOARD)[0] == 200
    assert get(BOARD, if_match='"another"')[0] == 412


def test_a_refusal_is_not_kept(get: Ask, arena: Arena) -> None:
    assert get("/api/v1/arenas/late/leaderboard")[0] == 404
    Arena.objects.filter(pk=arena.pk).update(slug="late")
    assert get("/api/v1/arenas/late/leaderboard")[0] == 200


def test_so_many_and_so_large_answers_are_kept_and_no_more(get: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MAX_KEPT", 2)
    for order in ("votes", "system", "rating"):
        get(f"{PAGE}?order={order}")
    assert len(kept.answers._answers) == 1
    monkeypatch.setattr(kept, "MAX_BYTES", 10)
    get(PAGE)
    assert len(kept.answers._answers) == 1
