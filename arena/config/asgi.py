"""The ASGI entry point: HTTP by Django, WebSockets by Channels."""

import atexit
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "arena.config.settings")
django.setup(set_prefix=False)

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402 - Django must be set up first
from channels.security.websocket import WebsocketDenier  # noqa: E402
from django.urls import path  # noqa: E402

from arena.common import measures, tracing  # noqa: E402
from arena.common.processes import Reporter  # noqa: E402
from arena.config import kept, logs  # noqa: E402
from arena.config.http import ThreadedHandler  # noqa: E402
from arena.integrity.programs import says_bearer  # noqa: E402
from arena.web.consumers import BattleConsumer  # noqa: E402
from arena.web.origins import is_own_origin  # noqa: E402

# The stubs of Channels and of Django disagree about what a path may lead to.
_as_view: Any = BattleConsumer.as_asgi()
_route: Any = path("ws/v1/battles/<str:battle_id>", _as_view)
_sockets = URLRouter([_route])
_refusal = WebsocketDenier()


async def _websocket(scope: Any, receive: Any, send: Any) -> None:
    """A browser sends its cookies from any page, so its Origin must be ours; a bearer token is sent on purpose."""
    authorization = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
    welcome = says_bearer(authorization) or is_own_origin(scope["headers"])
    with tracing.use(tracing.new_id()), _counted():
        await (_sockets if welcome else _refusal)(scope, receive, send)


@contextmanager
def _counted() -> Iterator[None]:
    measures.SOCKETS.add(1)
    try:
        yield
    finally:
        measures.SOCKETS.add(-1)


@cache
def _start_reporting() -> None:
    """With the first connection, not with the import: whoever only looks at this module has no database."""
    reporter = Reporter("web")
    reporter.start()
    atexit.register(reporter.stop)


logs.name_process("web")
logs.log_uncaught()
by_protocol = ProtocolTypeRouter({"http": ThreadedHandler(kept.answers), "websocket": _websocket})


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Everything that the server hands over."""
    _start_reporting()
    await by_protocol(scope, receive, send)
