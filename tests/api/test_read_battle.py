"""GET /api/v1/battles/{id}: the same keys in every state, and blind until the vote."""

from collections.abc import Callable
from typing import Any

import pytest

from arena.battles.models import Battle
from arena.battles.states import BattleState
from tests.api.callers import KEYS, MISSING_ID, Browser, Program, browser, slug_of

UNVOTED = [state.value for state in BattleState if state is not BattleState.VOTED]


@pytest.mark.parametrize("state", UNVOTED)
def test_a_battle_has_the_same_keys_in_every_state_and_no_system(
    alice: Program, battle_in: Callable[..., Battle], state: str
) -> None:
    response = alice.get(f"/battles/{battle_in(state, turns=2).id}")

    assert response.status_code == 200
    document = response.json()
    assert list(document) == KEYS
    assert document["state"] == state
    assert [turn["n"] for turn in document["turns"]] == [1, 2]
    assert document["turns"][0]["left"] == {"text": "Answer 1 left"}
    assert document["vote"] is None
    assert document["systems"] is None
    assert b"Canary" not in response.content


def test_after_the_vote_the_systems_are_there(alice: Program, ready: Battle) -> None:
    alice.post(f"/battles/{ready.id}/vote", {"outcome": "tie"})

    document = alice.get(f"/battles/{ready.id}").json()

    assert list(document) == KEYS
    assert document["vote"]["outcome"] == "tie"
    assert list(document["systems"]) == ["left", "right"]
    for system in document["systems"].values():
        assert list(system) == [
            "name", "organisation", "version", "licence", "latency_s", "ttft_s", "output_tokens", "cost_usd",
            "answered_by",
        ]  # fmt: skip
    assert document["systems"]["left"]["name"] == "CanaryLeft"


def test_foreign_and_unknown_battles_are_the_same_404(
    alice: Program, bob: Browser, mallory: Program, ready: Battle
) -> None:
    answers = [
        mallory.get(f"/battles/{ready.id}"),
        bob.get(f"/battles/{ready.id}"),
        browser(consents=False).get(f"/battles/{ready.id}"),
        alice.named("somebody-else").get(f"/battles/{ready.id}"),
        alice.get(f"/battles/{MISSING_ID}"),
        alice.get("/battles/not-an-id"),
        mallory.get(f"/battles/{MISSING_ID}"),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert slug_of(answers[0]) == "battle-not-found"
    assert len({answer.content for answer in answers}) == 1
    assert len({str(sorted(answer.headers)) for answer in answers}) == 1


def test_reading_a_battle_costs_a_known_number_of_queries(
    alice: Program, ready: Battle, django_assert_num_queries: Any
) -> None:
    # Token, voter, battle, answers, turns.
    with django_assert_num_queries(5):
        alice.get(f"/battles/{ready.id}")


def test_a_browser_needs_no_csrf_token_to_read(bob: Browser, battle_in: Callable[..., Battle]) -> None:
    battle = battle_in("ready", owner=bob)
    bob.csrf = ""

    assert bob.get(f"/battles/{battle.id}").status_code == 200
