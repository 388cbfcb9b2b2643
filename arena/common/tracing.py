"""The request id: one random name for everything that one request of a visitor sets in motion. Pure.

It says nothing about the visitor, the battle or its systems. The outermost middleware sets it, promised work carries
it (outbox row, turn, Celery header), workers take it up again, and every log line names it.
"""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

HEADER: Final = "X-Request-ID"
MIN_CHARS: Final = 8
MAX_CHARS: Final = 64
_VALID: Final = re.compile(rf"[A-Za-z0-9_-]{{{MIN_CHARS},{MAX_CHARS}}}", re.ASCII)

_current: ContextVar[str] = ContextVar("arena_request_id", default="")


def new_id() -> str:
    """128 random bits."""
    return secrets.token_hex(16)


def is_valid(text: str) -> bool:
    """Whether an id that somebody else made may be used: short, and nothing that a log or a header could mistake."""
    return _VALID.fullmatch(text) is not None


def current() -> str:
    """The id of this context; empty where no request is behind it (the sweep, a command)."""
    return _current.get()


@contextmanager
def use(request_id: str) -> Iterator[None]:
    """Work under this id. Threads and tasks that the block starts by asyncio inherit it."""
    token = _current.set(request_id)
    try:
        yield
    finally:
        _current.reset(token)


def adopt(request_id: str) -> None:
    """Work under this id until the thread adopts another: for threads that do one job after the other."""
    _current.set(request_id)
