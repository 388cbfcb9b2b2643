"""The cast of the API tests: Alice owns the battles, Bob comes with a browser, Mallory must be refused."""

from collections.abc import Callable
from typing import Any

import pytest

from arena.accounts.services import voter_of_cookie, voter_of_token
from arena.arenas.models import Arena
from arena.battles.models import Battle
from tests.api.callers import Browser, Program, browser, program
from tests.ballots import make_arena, make_battle, make_versions


@pytest.fixture(autouse=True)
def no_limits(settings: Any) -> None:
    """Only the tests of limits meet them."""
    settings.ARENA_LIMITS_OFF = True


@pytest.fixture
def arena(db: None) -> Arena:
    """An open arena of two systems whose names would be a leak before the vote."""
    arena = make_arena()
    make_versions(arena, ["CanaryLeft", "CanaryRight"])
    return arena


@pytest.fixture
def alice(arena: Arena) -> Program:
    """The owner: a program's voter, with consent."""
    return program("study", "alice")


@pytest.fixture
def bob(arena: Arena) -> Browser:
    """A browser with consent."""
    return browser()


@pytest.fixture
def mallory(arena: Arena) -> Program:
    """Somebody else's program, with consent."""
    return program("mallory's", "mallory")


@pytest.fixture
def battle_in(arena: Arena, alice: Program) -> Callable[..., Battle]:
    """Make a battle of Alice (or of a browser) in a state."""

    def make(state: str = "ready", *, turns: int = 1, owner: Program | Browser = alice) -> Battle:
        from arena.systems.models import SystemVersion

        if isinstance(owner, Program):
            voter = voter_of_token(owner.token, owner.voter or "")
        else:
            cookie = owner.client.cookies["arena_voter"].value
            found = voter_of_cookie(cookie)
            assert found is not None
            voter = found
        left, right = SystemVersion.objects.order_by("id")[:2]
        return make_battle(arena, left, right, voter=voter, state=state, turns=turns)

    return make


@pytest.fixture
def ready(battle_in: Callable[..., Battle]) -> Battle:
    """Alice's battle, ready for her vote."""
    return battle_in("ready")
