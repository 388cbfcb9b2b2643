"""POST /api/v1/battles/{id}/turns."""

from collections.abc import Callable
from typing import Any

import pytest

from arena.battles.models import Battle, Turn
from arena.router import services as router
from arena.router.guard import Refusal
from tests.api.callers import MISSING_ID, Program, program, slug_of


def test_a_follow_up_queues_the_battle_again(alice: Program, ready: Battle) -> None:
    response = alice.post(f"/battles/{ready.id}/turns", {"prompt": "And at sunset?"})

    assert response.status_code == 201
    assert response.json()["state"] == "queued"
    assert [turn["prompt"] for turn in response.json()["turns"]] == ["Why is the sky blue?", "And at sunset?"]


def test_the_same_key_and_body_add_one_turn(alice: Program, ready: Battle) -> None:
    path = f"/battles/{ready.id}/turns"
    first, again = (alice.post(path, {"prompt": "More"}, **{"Idempotency-Key": "k"}) for _attempt in range(2))

    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert Turn.objects.filter(battle=ready).count() == 2


def test_a_retry_is_answered_also_where_a_new_turn_would_not_be(alice: Program, ready: Battle, settings: Any) -> None:
    settings.ARENA_LIMITS_OFF = False
    settings.ARENA_MAX_OPEN_BATTLES = 1
    path = f"/battles/{ready.id}/turns"
    first, again = (alice.post(path, {"prompt": "More"}, **{"Idempotency-Key": "k"}) for _attempt in range(2))

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert slug_of(alice.post(path, {"prompt": "More"})) == "too-many-open-battles"
    assert slug_of(alice.post(path, {"prompt": "More"}, **{"Idempotency-Key": "k2"})) == "too-many-open-battles"


def test_the_same_key_with_another_prompt_is_refused(alice: Program, ready: Battle) -> None:
    path = f"/battles/{ready.id}/turns"
    alice.post(path, {"prompt": "More"}, **{"Idempotency-Key": "k"})

    response = alice.post(path, {"prompt": "Less"}, **{"Idempotency-Key": "k"})

    assert response.status_code == 422
    assert slug_of(response) == "idempotency-mismatch"


@pytest.mark.parametrize(
    ("state", "slug"),
    [("queued", "not-ready"), ("generating", "not-ready"), ("failed", "not-ready"), ("expired", "not-ready")],
)
def test_a_battle_that_is_not_ready_takes_no_turn(
    alice: Program, battle_in: Callable[..., Battle], state: str, slug: str
) -> None:
    response = alice.post(f"/battles/{battle_in(state).id}/turns", {"prompt": "More"})

    assert response.status_code == 409
    assert slug_of(response) == slug


def test_a_voted_battle_takes_no_turn(alice: Program, ready: Battle) -> None:
    alice.post(f"/battles/{ready.id}/vote", {"outcome": "left"})

    response = alice.post(f"/battles/{ready.id}/turns", {"prompt": "More"})

    assert response.status_code == 409
    assert slug_of(response) == "already-voted"


def test_a_battle_has_no_more_turns_than_it_may_have(alice: Program, ready: Battle, settings: Any) -> None:
    settings.ARENA_MAX_TURNS = 1

    response = alice.post(f"/battles/{ready.id}/turns", {"prompt": "More"})

    assert response.status_code == 409
    assert slug_of(response) == "too-many-turns"


@pytest.mark.parametrize("prompt", ["", "x" * 8001])
def test_an_unacceptable_follow_up_is_unprocessable(alice: Program, ready: Battle, prompt: str) -> None:
    response = alice.post(f"/battles/{ready.id}/turns", {"prompt": prompt})

    assert response.status_code == 422
    assert slug_of(response) == "prompt-invalid"


def test_a_refused_follow_up_leaves_the_battle_ready(
    alice: Program, ready: Battle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(router, "moderate", lambda _text: Refusal("unsafe_content", "no"))

    response = alice.post(f"/battles/{ready.id}/turns", {"prompt": "Something bad"})

    assert response.status_code == 422
    assert slug_of(response) == "prompt-refused"
    assert response.json()["code"] == "unsafe_content"
    assert alice.get(f"/battles/{ready.id}").json()["state"] == "ready"


def test_foreign_and_unknown_battles_are_the_same_404(alice: Program, mallory: Program, ready: Battle) -> None:
    without_consent = program("newcomer", "eve", consents=False)
    answers = [
        mallory.post(f"/battles/{ready.id}/turns", {"prompt": "More"}),
        without_consent.post(f"/battles/{ready.id}/turns", {"prompt": "More"}),
        alice.post(f"/battles/{MISSING_ID}/turns", {"prompt": "More"}),
        alice.post("/battles/not-an-id/turns", {"prompt": "More"}),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert slug_of(answers[0]) == "battle-not-found"
