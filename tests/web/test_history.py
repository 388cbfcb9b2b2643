"""My battles: this browser's own, blind until each has its vote."""

import pytest

from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.web.views.history import PAGE_SIZE
from tests.ballots import named
from tests.web.conftest import Browser, battle_of


def test_a_browser_without_battles_is_invited(newcomer: Browser, alice: Browser) -> None:
    for browser in (newcomer, alice):
        assert "You have not started a battle in this browser yet." in browser.get("/battles").content.decode()


@pytest.mark.parametrize(
    ("state", "label", "link"),
    [
        ("queued", "Waiting for the systems", "Continue"),
        ("generating", "Being answered", "Continue"),
        ("ready", "Ready for your vote", "Vote now"),
        ("failed", "Failed", "Open"),
        ("refused", "Not accepted", "Open"),
        ("expired", "Closed without a vote", "Open"),
    ],
)
def test_an_unvoted_battle_names_no_system(alice: Browser, arena: Arena, state: str, label: str, link: str) -> None:
    battle = battle_of(alice, arena, state)
    page = alice.get("/battles").content.decode()
    assert label in page
    assert f'<a href="/battles/{battle.id}">{link}<' in page
    assert "Why is the sky blue?" in page
    assert not named(page, "Ada", "Bert", "Cleo")


def test_a_voted_battle_names_both_systems_and_the_vote(alice: Browser, arena: Arena) -> None:
    battle_of(alice, arena, "voted")
    page = alice.get("/battles").content.decode()
    assert "<dt>Left</dt><dd>Ada</dd>" in page
    assert "<dt>Right</dt><dd>Bert</dd>" in page
    assert "<dd>Left is better</dd>" in page


def test_a_failed_battle_says_why(alice: Browser, arena: Arena) -> None:
    battle = battle_of(alice, arena, "failed")
    Battle.objects.filter(id=battle.id).update(reason="backend_failed")
    assert "No vote is taken." in alice.get("/battles").content.decode()


def test_mallory_does_not_see_the_battles_of_bob(mallory: Browser, bob: Browser, arena: Arena) -> None:
    battle = battle_of(bob, arena, "voted")
    page = mallory.get("/battles").content.decode()
    assert str(battle.id) not in page
    assert "Why is the sky blue?" not in page


def test_a_long_history_comes_in_pages(alice: Browser, arena: Arena) -> None:
    battles = [battle_of(alice, arena) for _ in range(PAGE_SIZE + 3)]
    first = alice.get("/battles")
    assert first.content.decode().count("history__entry") == PAGE_SIZE
    older = alice.get("/battles", {"before": first.context["next_before"]})
    page = older.content.decode()
    assert page.count("history__entry") == 3
    assert str(battles[0].id) in page
    assert 'rel="next"' not in page


@pytest.mark.parametrize("before", ["nonsense", "2026-13-45T00:00", "2026-01-01T00:00:00", "\0"])
def test_a_broken_page_address_shows_the_newest(alice: Browser, arena: Arena, before: str) -> None:
    battle_of(alice, arena)
    assert alice.get("/battles", {"before": before}).content.decode().count("history__entry") == 1


def test_the_number_of_queries_does_not_grow_with_the_battles(
    alice: Browser, arena: Arena, django_assert_num_queries
) -> None:
    for state in ("ready", "voted") * 5:
        battle_of(alice, arena, state)
    with django_assert_num_queries(4):
        alice.get("/battles")


def test_the_history_is_never_kept_by_a_cache(alice: Browser) -> None:
    assert "no-store" in alice.get("/battles")["Cache-Control"]
