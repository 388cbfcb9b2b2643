"""HTTP on the ASGI server: one thread per request, and none for a client that is still sending."""

import asyncio
import os
import subprocess
import sys
import threading
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse

from arena.config import http
from arena.config.http import THREADS, ThreadedHandler
from ops.parts import ROOT
from tests.asgi import TIMEOUT_S, Request, ask


@pytest.fixture
def handler() -> ThreadedHandler:
    return ThreadedHandler()


async def test_clients_that_are_still_sending_hold_no_thread(handler: ThreadedHandler) -> None:
    slow = [Request(handler, "/api/v1/consent", "POST", content_type="application/json") for _ in range(2 * THREADS)]
    for request in slow:
        await request.send(b"{", more=True)
    status, _headers, body = await ask(handler, "/healthz")
    assert (status, body) == (200, b'{"status": "ok"}')
    for request in slow:
        await request.send_input({"type": "http.disconnect"})
        await request.wait(TIMEOUT_S)
    assert all(await asyncio.gather(*(request.receive_nothing() for request in slow)))


async def test_views_run_beside_each_other(handler: ThreadedHandler, monkeypatch: pytest.MonkeyPatch) -> None:
    together = threading.Barrier(THREADS)

    def view(_request: HttpRequest) -> HttpResponse:
        together.wait(TIMEOUT_S)
        return HttpResponse("met")

    monkeypatch.setattr(handler, "_middleware_chain", view)
    answers = await asyncio.gather(*(ask(handler, "/") for _ in range(THREADS)))
    assert {body for _status, _headers, body in answers} == {b"met"}


async def test_a_body_over_the_limit_is_not_kept_and_refused(handler: ThreadedHandler) -> None:
    kept: list[int] = []

    async def endless() -> dict[str, Any]:
        kept.append(1)
        return {"type": "http.request", "body": b"x" * 500_000, "more_body": len(kept) < 20}

    body = await http._read(endless)
    assert len(body.getvalue()) == settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1
    request = Request(handler, "/api/v1/consent", "POST", content_type="application/json")
    for n in range(4):
        await request.send(b"x" * 500_000, more=n < 3)
    status, headers, _body = await request.answer()
    assert status == 413
    assert headers["Content-Type"] == "application/problem+json"


async def test_what_a_request_sets_ends_with_it(handler: ThreadedHandler) -> None:
    _status, french, _body = await ask(handler, "/nowhere", accept_language="fr")
    answers = [await ask(handler, "/nowhere") for _ in range(2 * THREADS)]
    assert french["Content-Language"] == "fr"
    assert {headers["Content-Language"] for _status, headers, _body in answers} == {"en"}


async def test_a_file_arrives_whole(handler: ThreadedHandler) -> None:
    icon = settings.STATICFILES_DIRS[0] / "manifest.json"
    status, headers, body = await ask(handler, "/static/manifest.json")
    assert (status, body) == (200, icon.read_bytes())
    assert headers["Content-Length"] == str(len(body))


@pytest.mark.django_db(transaction=True)
async def test_a_request_gives_its_database_connection_back(handler: ThreadedHandler) -> None:
    def is_open() -> bool:
        return connection.connection is not None

    status, _headers, _body = await ask(handler, "/api/v1/arenas")
    assert status == 200
    opened = [handler._threads.submit(is_open).result() for _ in range(THREADS)]
    assert not any(opened)


async def test_a_defect_is_a_finished_page(handler: ThreadedHandler, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object) -> None:
        raise ZeroDivisionError("canary")

    monkeypatch.setattr("arena.web.views.pages.robots", broken)
    monkeypatch.setattr(handler, "resolve_request", broken)
    status, _headers, body = await ask(handler, "/robots.txt")
    assert status == 500
    assert b"canary" not in body


def test_the_handler_serves_a_site_without_the_arenas_apps() -> None:
    """As the bare site does, which the benchmarks compare with."""
    site = "import tests.bench.bare_site"
    env = os.environ | {"ARENA_DEBUG": "1", "DATABASE_URL": "postgresql://offline@127.0.0.1:1/offline"}
    command = [sys.executable, "-c", site]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
