"""A battle belongs to the browser that started it; to everybody else it does not exist."""

import uuid

import pytest

from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.systems.models import SystemVersion
from arena.votes.models import Vote
from tests.ballots import make_battle
from tests.web.conftest import Browser

POSTS = ("turns", "vote", "stop", "report")


@pytest.fixture
def bobs(bob: Browser, arena: Arena) -> Battle:
    left, right = SystemVersion.objects.order_by("id")[:2]
    return make_battle(arena, left, right, voter=bob.voter)


def same_but_for_the_token(page: bytes) -> str:
    """The page without what is new in every answer."""
    lines = page.decode().splitlines()
    return "\n".join(line for line in lines if "csrf" not in line and 'name="next"' not in line)


def test_mallory_gets_the_same_404_for_bobs_battle_and_for_none(mallory: Browser, bobs: Battle) -> None:
    foreign, unknown = (mallory.get(f"/battles/{name}") for name in (bobs.id, uuid.uuid4()))
    assert foreign.status_code == unknown.status_code == 404
    assert same_but_for_the_token(foreign.content) == same_but_for_the_token(unknown.content)


@pytest.mark.parametrize("action", POSTS)
def test_mallory_can_do_nothing_to_bobs_battle(mallory: Browser, bobs: Battle, action: str) -> None:
    form = {"prompt": "Mine", "outcome": "left", "side": "left", "turn": "1", "reason": "other"}
    assert mallory.post(f"/battles/{bobs.id}/{action}", form).status_code == 404
    assert not Vote.objects.exists()


@pytest.mark.parametrize("action", POSTS)
def test_a_newcomer_can_do_nothing_to_bobs_battle(newcomer: Browser, bobs: Battle, action: str) -> None:
    assert newcomer.post(f"/battles/{bobs.id}/{action}", {"outcome": "left"}).status_code == 404


def test_bob_sees_his_battle(bob: Browser, bobs: Battle) -> None:
    assert bob.get(f"/battles/{bobs.id}").status_code == 200
