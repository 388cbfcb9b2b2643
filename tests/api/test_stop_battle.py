"""POST /api/v1/battles/{id}/stop."""

from collections.abc import Callable
from typing import Any

from arena.battles.models import Battle, Turn
from tests.api.callers import MISSING_ID, Program, slug_of


def test_stopping_asks_the_writer_to_end_and_shows_the_battle(
    valkey: Any, alice: Program, battle_in: Callable[..., Battle]
) -> None:
    battle = battle_in("generating")

    response = alice.post(f"/battles/{battle.id}/stop")

    assert response.status_code == 200
    assert response.json()["id"] == str(battle.id)
    assert Turn.objects.get(battle=battle).stop_requested_at is not None


def test_stopping_twice_and_stopping_what_is_complete_harms_nothing(
    valkey: Any, alice: Program, ready: Battle
) -> None:
    Turn.objects.filter(battle=ready).update(finished_at=ready.created_at)

    for _attempt in range(2):
        response = alice.post(f"/battles/{ready.id}/stop", {})

        assert response.status_code == 200
        assert response.json()["state"] == "ready"


def test_foreign_and_unknown_battles_are_the_same_404(alice: Program, mallory: Program, ready: Battle) -> None:
    answers = [
        mallory.post(f"/battles/{ready.id}/stop"),
        alice.post(f"/battles/{MISSING_ID}/stop"),
        alice.post("/battles/not-an-id/stop"),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert slug_of(answers[0]) == "battle-not-found"
    assert Turn.objects.get(battle=ready).stop_requested_at is None
