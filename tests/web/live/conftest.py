"""The cast of the socket: programs and a browser, and battles of theirs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from arena.battles.models import Battle, Turn
from arena.web import hub as hubs
from tests.api.callers import Browser
from tests.api.conftest import Cast, alice, arena, battle_in, bob, make_cast, mallory  # noqa: F401 - fixtures


@pytest.fixture(autouse=True)
def _committed(transactional_db: None, valkey: Any) -> None:
    """What a test makes, so that the socket's threads see it."""


@pytest.fixture
def cast(_committed: None) -> Cast:
    return make_cast()


@pytest.fixture
def ready(battle_in: Callable[..., Battle]) -> Battle:  # noqa: F811
    """Alice's battle, complete."""
    return battle_in(turns=2)


@pytest.fixture
def running(battle_in: Callable[..., Battle]) -> Battle:  # noqa: F811
    """Alice's battle whose second turn is being written."""
    battle = battle_in("generating")
    Turn.objects.create(battle=battle, n=2, prompt="More")
    return battle


@pytest.fixture
def of_bob(battle_in: Callable[..., Battle], bob: Browser) -> Battle:  # noqa: F811
    return battle_in(owner=bob)


@pytest.fixture(autouse=True)
async def _hub_closed() -> AsyncIterator[None]:
    """Close what the site keeps open for each event loop: a test has one of its own."""
    yield
    kept = hubs._hubs.pop(asyncio.get_running_loop(), None)
    if kept is not None:
        if kept._task is not None:
            await kept._task
        await kept.connection.aclose()
