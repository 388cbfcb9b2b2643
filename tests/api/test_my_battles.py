"""GET /api/v1/battles: the voter's own, the newest first."""

from collections.abc import Callable
from typing import Any

import pytest

from arena.battles.models import Battle
from tests.api.callers import Browser, Program, browser, slug_of


def test_a_voter_sees_only_its_own_battles(
    alice: Program, bob: Browser, mallory: Program, battle_in: Callable[..., Battle]
) -> None:
    mine, theirs = battle_in(), battle_in(owner=bob)

    assert [row["id"] for row in alice.get("/battles").json()["battles"]] == [str(mine.id)]
    assert [row["id"] for row in bob.get("/battles").json()["battles"]] == [str(theirs.id)]
    assert mallory.get("/battles").json() == {"battles": [], "next": None}
    assert browser(consents=False).get("/battles").json() == {"battles": [], "next": None}


def test_the_list_is_read_page_by_page_without_gap_or_repetition(
    alice: Program, battle_in: Callable[..., Battle], django_capture_on_commit_callbacks: Any
) -> None:
    made = [str(battle_in().id) for _battle in range(5)]
    seen: list[str] = []
    cursor = ""

    while True:
        page = alice.get(f"/battles?limit=2{cursor}").json()
        seen += [row["id"] for row in page["battles"]]
        if page["next"] is None:
            break
        cursor = f"&before={page['next']}"

    assert seen == made[::-1]


def test_a_line_says_what_it_was_about_and_no_more(alice: Program, battle_in: Callable[..., Battle]) -> None:
    battle = battle_in("voted", turns=2)

    response = alice.get("/battles")

    [row] = response.json()["battles"]
    assert row == {
        "id": str(battle.id),
        "arena": "text",
        "state": "voted",
        "reason": None,
        "created_at": row["created_at"],
        "prompt": "Why is the sky blue?",
        "turns": 2,
    }
    assert b"Canary" not in response.content


def test_the_list_costs_the_same_queries_however_long_it_is(
    alice: Program, battle_in: Callable[..., Battle], django_assert_num_queries: Any
) -> None:
    for _battle in range(7):
        battle_in()
    # Token, voter, battles, answers, turns.
    with django_assert_num_queries(5):
        alice.get("/battles")


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=x",
        "before=yesterday",
        "before=2026-01-01T00:00:00",
        "before=0.5",
        "before=9999-12-31T23:59:59-01:00",
        "before=",
    ],
)
def test_an_unusable_query_is_refused(alice: Program, query: str) -> None:
    response = alice.get(f"/battles?{query}")

    assert response.status_code == 422
    assert slug_of(response) == "request-invalid"
