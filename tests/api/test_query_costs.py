"""What a request asks of PostgreSQL: statements are most of its cost, so their number is promised.

Inside a test a transaction's BEGIN and COMMIT are two savepoint statements; they are counted like the rest.
"""

from collections.abc import Callable
from typing import Any

import pytest

from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.web import consumers
from tests.api.callers import Browser

VOTE = {"outcome": "left", "reasons": {"left": [], "right": []}, "feedback": {"left": "", "right": ""}}


@pytest.fixture
def ready(battle_in: Callable[..., Battle], bob: Browser, settings: Any) -> Battle:
    """Bob's battle, ready for his vote, on a site with limits."""
    settings.ARENA_LIMITS_OFF = False
    return battle_in("ready", owner=bob)


@pytest.fixture
def promised(django_assert_num_queries: Any) -> Any:
    return django_assert_num_queries


def test_starting_a_battle_takes_fifteen(bob: Browser, ready: Battle, arena: Arena, promised: Any) -> None:
    with promised(15):
        assert bob.post(f"/arenas/{arena.slug}/battles", {"prompt": "Why?"}).status_code == 201


def test_reading_a_battle_takes_four(bob: Browser, ready: Battle, promised: Any) -> None:
    with promised(4):
        assert bob.get(f"/battles/{ready.id}").status_code == 200


@pytest.mark.parametrize("votes_before", [0, 5])
def test_a_vote_takes_ten_however_many_there_are(
    bob: Browser, ready: Battle, battle_in: Callable[..., Battle], promised: Any, votes_before: int
) -> None:
    for _ in range(votes_before):
        assert bob.post(f"/battles/{battle_in('ready', owner=bob).id}/vote", VOTE).status_code == 201
    with promised(10):
        assert bob.post(f"/battles/{ready.id}/vote", VOTE).status_code == 201


def test_the_session_takes_two(bob: Browser, promised: Any) -> None:
    with promised(2):
        assert bob.get("/session").status_code == 200


def test_a_board_that_is_not_kept_takes_three_before_its_first_vote(bob: Browser, arena: Arena, promised: Any) -> None:
    with promised(3):
        assert bob.get(f"/arenas/{arena.slug}/leaderboard").status_code == 200


def test_a_socket_takes_four_to_open(bob: Browser, ready: Battle, promised: Any) -> None:
    cookie = f"arena_voter={bob.client.cookies['arena_voter'].value}"
    scope = {"headers": [(b"cookie", cookie.encode())]}
    with promised(4):
        consumers._blind(ready.id, consumers._voter(scope))
