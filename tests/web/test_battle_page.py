"""What the battle's page shows in each state, without scripts."""

import re
from uuid import uuid4

import pytest

from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.systems.models import SystemVersion
from tests.ballots import make_battle, make_version
from tests.web.conftest import Browser


@pytest.fixture
def versions(arena: Arena) -> tuple[SystemVersion, SystemVersion]:
    return make_version(arena, "canary-left"), make_version(arena, "canary-right")


def _page(browser: Browser, battle: Battle) -> str:
    response = browser.get(f"/battles/{battle.id}")
    assert response.status_code == 200
    return str(response.content.decode())


def _buttons(page: str) -> list[str]:
    found = re.findall(r'<button[^>]*name="outcome"[^>]*>([^<]*)', page)
    return [name.strip() for name in found]


def test_a_ready_battle_offers_the_four_votes_and_names_its_regions(alice, arena, versions):
    page = _page(alice, make_battle(arena, *versions, voter=alice.voter))
    assert _buttons(page) == ["Left is better", "Tie", "Both are bad", "Right is better"]
    assert 'role="region" aria-label="Left answer"' in page
    assert 'role="region" aria-label="Right answer"' in page
    assert "disabled" not in page.partition('id="vote-bar"')[2].partition("</div>")[0]
    assert 'http-equiv="refresh"' not in page


@pytest.mark.parametrize("state", ["queued", "generating", "ready", "failed", "expired"])
def test_nothing_of_the_systems_is_in_the_page_before_the_vote(alice, arena, versions, state):
    battle = make_battle(arena, *versions, voter=alice.voter, state=state)
    page = _page(alice, battle)
    for version in versions:
        for canary in (version.system.name, version.organisation, version.behaviour):
            assert canary not in page


@pytest.mark.parametrize("state", ["queued", "generating"])
def test_an_unfinished_battle_reloads_itself_and_takes_no_vote(alice, arena, versions, state):
    page = _page(alice, make_battle(arena, *versions, voter=alice.voter, state=state))
    assert '<noscript><meta http-equiv="refresh"' in page
    assert page.count("disabled>") == len(_buttons(page)) == 4


def test_after_the_vote_the_page_says_who_it_was(alice, arena, versions):
    battle = make_battle(arena, *versions, voter=alice.voter)
    assert alice.post(f"/battles/{battle.id}/vote", {"outcome": "right"}).status_code == 302
    page = _page(alice, battle)
    assert "You voted: Right is better" in page
    assert all(version.system.name in page for version in versions)
    assert re.search(r'data-side="right" data-chosen', page)


@pytest.mark.parametrize(
    ("state", "title", "first"),
    [
        ("ready", "Which answer is better?", "new-battle"),
        ("failed", "No comparison this time", "again"),
        ("expired", "No comparison this time", "again"),
        ("refused", "No comparison this time", "new-battle"),
    ],
)
def test_the_heading_and_the_first_button_follow_the_state(alice, arena, versions, state, title, first):
    page = _page(alice, make_battle(arena, *versions, voter=alice.voter, state=state))
    assert f'<h1 id="battle-title">{title}</h1>' in page
    assert re.search(r'class="button button--primary" id="([a-z-]+)"', page)[1] == first
    assert (re.search(r'id="again-form" hidden', page) is not None) == (state == "refused")


def test_only_the_newest_turn_has_the_plain_names(alice, arena, versions):
    page = _page(alice, make_battle(arena, *versions, voter=alice.voter, turns=2)).partition("<template")[0]
    assert page.count('aria-label="Left answer"') == 1
    assert 'role="group" aria-label="Left answer, turn 1"' in page


def test_trusted_types_guard_the_page_that_shows_what_models_write(alice, arena, versions):
    battle = make_battle(arena, *versions, voter=alice.voter)
    policy = alice.get(f"/battles/{battle.id}")["Content-Security-Policy"]
    assert "require-trusted-types-for 'script'" in policy
    assert "trusted-types dompurify" in policy


def test_hostile_text_is_escaped_where_the_server_shows_it(alice, arena, versions):
    battle = make_battle(arena, *versions, voter=alice.voter)
    from arena.battles.models import Response, Turn

    hostile = "</script><img src=x onerror=alert(1)>"
    Turn.objects.filter(battle=battle).update(prompt=hostile)
    Response.objects.filter(turn__battle=battle).update(content=hostile)
    assert "<img" not in _page(alice, battle)


def test_a_foreign_battle_looks_like_an_unknown_one(alice, mallory, newcomer, arena, versions):
    battle = make_battle(arena, *versions, voter=alice.voter)
    for visitor in (mallory, newcomer):
        pages = [visitor.get(f"/battles/{id_}") for id_ in (battle.id, uuid4())]
        assert [page.status_code for page in pages] == [404, 404]
