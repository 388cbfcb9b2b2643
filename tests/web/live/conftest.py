"""The cast of the socket: programs and a browser, and battles of theirs."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from arena.accounts.services import voter_of_cookie, voter_of_token
from arena.arenas.models import Arena
from arena.battles.models import Battle, Turn
from arena.systems.models import SystemVersion
from arena.web import hub as hubs
from tests.api.callers import Browser, Program, browser, program
from tests.ballots import make_arena, make_battle, make_version


@pytest.fixture
def arena(transactional_db: None, valkey: Any) -> Arena:
    """An arena, committed, so that the socket's threads see it."""
    arena = make_arena()
    for name in ("CanaryLeft", "CanaryRight"):
        make_version(arena, name)
    return arena


@pytest.fixture
def alice(arena: Arena) -> Program:
    return program("study", "alice")


@pytest.fixture
def mallory(arena: Arena) -> Program:
    return program("mallory's", "mallory")


@pytest.fixture
def bob(arena: Arena) -> Browser:
    return browser()


def battle_of(arena: Arena, voter: Any, state: str = "ready", turns: int = 1) -> Battle:
    left, right = SystemVersion.objects.order_by("id")
    return make_battle(arena, left, right, voter=voter, state=state, turns=turns)


@pytest.fixture
def ready(arena: Arena, alice: Program) -> Battle:
    """Alice's battle, complete."""
    return battle_of(arena, voter_of_token(alice.token, "alice"), turns=2)


@pytest.fixture
def running(arena: Arena, alice: Program) -> Battle:
    """Alice's battle whose second turn is being written."""
    battle = battle_of(arena, voter_of_token(alice.token, "alice"), "generating")
    Turn.objects.create(battle=battle, n=2, prompt="More")
    return battle


@pytest.fixture
def of_bob(arena: Arena, bob: Browser) -> Battle:
    return battle_of(arena, voter_of_cookie(bob.client.cookies["arena_voter"].value))


@pytest.fixture(autouse=True)
async def _hub_closed() -> AsyncIterator[None]:
    """Close what the site keeps open for each event loop: a test has one of its own."""
    yield
    kept = hubs._hubs.pop(asyncio.get_running_loop(), None)
    if kept is not None:
        if kept._task is not None:
            await kept._task
        await kept.connection.aclose()
