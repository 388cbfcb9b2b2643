"""The cast of the API tests: Alice owns the battles, Bob comes with a browser, Mallory must be refused."""

from collections.abc import Callable, Iterator
from copy import copy
from typing import Any, NamedTuple

import pytest
from pytest_django import DjangoDbBlocker

from arena.accounts.services import voter_of_cookie, voter_of_token
from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.rankings import questions
from tests.api.callers import Browser, Program, browser, program
from tests.ballots import make_arena, make_battle, make_versions
from tests.kept_rows import kept_rows


@pytest.fixture(autouse=True)
def no_limits(settings: Any) -> None:
    """Only the tests of limits meet them."""
    settings.ARENA_LIMITS_OFF = True


class Cast(NamedTuple):
    """Who is there before any test."""

    arena: Arena
    alice: Program
    mallory: Program


def make_cast() -> Cast:
    """An open arena of two systems whose names would be a leak before the vote; programs, with consent, of voters."""
    arena = make_arena()
    make_versions(arena, ["CanaryLeft", "CanaryRight"])
    cast = Cast(arena, program("study", "alice"), program("mallory's", "mallory"))
    for one in (cast.alice, cast.mallory):
        voter_of_token(one.token, str(one.voter))
    return cast


@pytest.fixture(scope="module")
def cast(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Cast]:
    """Made once for all tests of a module: each rolls back to here."""
    with kept_rows(django_db_blocker):
        yield make_cast()


@pytest.fixture
def arena(cast: Cast, db: None) -> Arena:
    # A process keeps what it computed from an arena's votes; those of another test are gone.
    questions._computed.cache_clear()
    return copy(cast.arena)


@pytest.fixture
def alice(cast: Cast, db: None) -> Program:
    """The owner: a program's voter."""
    return cast.alice.named("alice")


@pytest.fixture
def bob(cast: Cast, db: None) -> Browser:
    """A browser with consent."""
    return browser()


@pytest.fixture
def mallory(cast: Cast, db: None) -> Program:
    """Somebody else's program."""
    return cast.mallory.named("mallory")


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
