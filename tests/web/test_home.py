"""The front page says what this is, how each arena stands, and lets a visitor start at once."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from arena.arenas.models import Arena
from arena.rankings.models import FoldWatermark, Rating, Snapshot
from arena.systems.models import SystemVersion
from tests.web.conftest import Browser, arena_of_three


@pytest.fixture
def arena(db: None) -> Arena:
    """Not there for all tests of the module."""
    return arena_of_three()


def test_a_newcomer_sees_the_prompt_box_and_the_three_steps(newcomer: Browser, arena: Arena) -> None:
    page = newcomer.get("/").content.decode()
    assert 'for="prompt">Your prompt</label>' in page
    assert "Start battle</button>" in page
    assert page.count("<h3>You ") == 3


def test_without_an_open_arena_the_page_says_so(newcomer: Browser) -> None:
    page = newcomer.get("/").content.decode()
    assert "No arena is open at the moment" in page
    assert "<textarea" not in page


def test_an_arena_without_ratings_says_no_ratings_yet(newcomer: Browser, arena: Arena) -> None:
    assert "No ratings yet." in newcomer.get("/").content.decode()


@pytest.mark.parametrize(("rank_high", "words"), [(1, "In the lead: Ada."), (2, "Highest rating: Ada, not clearly")])
def test_the_leader_is_named_and_a_shared_lead_is_no_lead(
    newcomer: Browser, arena: Arena, rank_high: int, words: str
) -> None:
    snapshot = Snapshot.objects.create(arena=arena, last_vote_id=9, method={}, inputs={}, status="ok", code_version="")
    for place, version in enumerate(SystemVersion.objects.order_by("system__name")):
        Rating.objects.create(
            snapshot=snapshot, version=version, rating=1100 - place, rank_low=1, rank_high=rank_high, votes=30
        )
    FoldWatermark.objects.create(arena=arena, last_vote_id=9, counted=1200, excluded={"simulated": 34})
    page = newcomer.get("/").content.decode()
    assert words in page
    assert "1,234" in page


def test_the_number_of_queries_does_not_grow_with_arenas_and_votes(
    newcomer: Browser, arena: Arena, django_assert_max_num_queries
) -> None:
    for n in range(5):
        Arena.objects.create(slug=f"more-{n}", name=f"More {n}")
    with django_assert_max_num_queries(6):
        newcomer.get("/")


def test_the_page_is_not_kept_because_its_form_is_for_one_use(newcomer: Browser, arena: Arena) -> None:
    assert "no-store" in newcomer.get("/")["Cache-Control"]


def test_votes_of_today_are_those_since_the_last_board_of_yesterday(newcomer: Browser, arena: Arena) -> None:
    FoldWatermark.objects.create(arena=arena, last_vote_id=9, counted=120, excluded={"identity_revealed": 5})
    for days_ago, counted in ((2, 70), (1, 100), (0, 118)):
        inputs = {"counted": counted, "simulated": 0, "excluded": {"identity_revealed": 2}}
        facts = {"last_vote_id": 1, "method": {}, "inputs": inputs, "status": "ok", "code_version": ""}
        Snapshot.objects.create(arena=arena, created_at=Now() - timedelta(days=days_ago), **facts)
    page = newcomer.get("/").content.decode()
    assert "<dt>Votes</dt><dd>125</dd>" in page
    assert "<dt>Votes today</dt><dd>23</dd>" in page
