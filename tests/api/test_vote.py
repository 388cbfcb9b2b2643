"""POST /api/v1/battles/{id}/vote: one vote, then the reveal."""

from collections.abc import Callable
from typing import Any

import pytest

from arena.battles.models import Battle
from arena.votes.models import Vote
from arena.votes.outcome import REASONS, Outcome
from tests.api.callers import MISSING_ID, Browser, Program, browser, program, slug_of

FULL = {
    "outcome": "left",
    "reasons": {"left": ["correct", "clear"], "right": ["superficial"]},
    "feedback": {"left": "Good.", "right": "It stops half way."},
}


@pytest.mark.parametrize("outcome", [outcome.value for outcome in Outcome])
def test_a_vote_reveals_the_systems(alice: Program, ready: Battle, outcome: str) -> None:
    response = alice.post(f"/battles/{ready.id}/vote", {"outcome": outcome})

    assert response.status_code == 201
    document = response.json()
    assert document["state"] == "voted"
    assert document["vote"] == {
        "outcome": outcome,
        "reasons": {"left": [], "right": []},
        "feedback": {"left": "", "right": ""},
    }
    assert [document["systems"][side]["name"] for side in ("left", "right")] == ["CanaryLeft", "CanaryRight"]


def test_reasons_and_feedback_come_back_as_they_were_stored(alice: Program, ready: Battle) -> None:
    said = alice.post(f"/battles/{ready.id}/vote", FULL).json()["vote"]

    assert said["outcome"] == "left"
    assert {side: sorted(tags) for side, tags in said["reasons"].items()} == {
        "left": ["clear", "correct"],
        "right": ["superficial"],
    }
    assert said["feedback"] == FULL["feedback"]


@pytest.mark.parametrize(
    "silence",
    [
        {},
        {"reasons": None, "feedback": None},
        {"reasons": {}, "feedback": {}},
        {"reasons": {"left": None, "right": None}, "feedback": {"left": None, "right": None}},
        {"reasons": {"left": []}, "feedback": {"right": ""}},
    ],
)
def test_nothing_said_is_the_same_vote_however_it_is_written(
    alice: Program, ready: Battle, silence: dict[str, Any]
) -> None:
    first = alice.post(f"/battles/{ready.id}/vote", {"outcome": "left", **silence})
    again = alice.post(
        f"/battles/{ready.id}/vote",
        {"outcome": "left", "reasons": {"left": [], "right": []}, "feedback": {"left": "", "right": ""}},
    )

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.content == again.content
    assert first.json()["vote"]["reasons"] == {"left": [], "right": []}
    assert first.json()["vote"]["feedback"] == {"left": "", "right": ""}


def test_an_unknown_reason_is_refused_with_the_known_ones(alice: Program, ready: Battle) -> None:
    response = alice.post(f"/battles/{ready.id}/vote", {"outcome": "left", "reasons": {"left": ["marvellous"]}})

    document = response.json()
    assert (response.status_code, document["errors"][0]["where"]) == (422, "body.reasons.left.0")
    for tag in REASONS:
        assert tag in document["errors"][0]["message"]
        assert tag in document["detail"]


def test_the_same_vote_again_is_answered_200_with_an_equal_body(alice: Program, ready: Battle) -> None:
    first, again = (alice.post(f"/battles/{ready.id}/vote", FULL) for _attempt in range(2))

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.content == again.content
    assert alice.get(f"/battles/{ready.id}").content == first.content
    assert Vote.objects.count() == 1


def test_another_outcome_is_a_conflict_and_changes_nothing(alice: Program, ready: Battle) -> None:
    alice.post(f"/battles/{ready.id}/vote", {"outcome": "left"})

    response = alice.post(f"/battles/{ready.id}/vote", {"outcome": "right"})

    assert response.status_code == 409
    assert slug_of(response) == "vote-conflict"
    assert Vote.objects.get().outcome == "left"
    assert b"Canary" not in response.content


@pytest.mark.parametrize("state", ["queued", "generating", "failed", "refused", "expired"])
def test_a_battle_that_is_not_ready_takes_no_vote(
    alice: Program, battle_in: Callable[..., Battle], state: str
) -> None:
    response = alice.post(f"/battles/{battle_in(state).id}/vote", {"outcome": "left"})

    assert response.status_code == 409
    assert slug_of(response) == "not-ready"
    assert not Vote.objects.exists()


def test_foreign_and_unknown_battles_are_the_same_404(
    alice: Program, bob: Browser, mallory: Program, ready: Battle
) -> None:
    answers = [
        mallory.post(f"/battles/{ready.id}/vote", {"outcome": "left"}),
        bob.post(f"/battles/{ready.id}/vote", {"outcome": "left"}),
        browser(consents=False).post(f"/battles/{ready.id}/vote", {"outcome": "left"}),
        program("newcomer", "eve", consents=False).post(f"/battles/{ready.id}/vote", {"outcome": "left"}),
        alice.named("somebody-else").post(f"/battles/{ready.id}/vote", {"outcome": "left"}),
        alice.post(f"/battles/{MISSING_ID}/vote", {"outcome": "left"}),
        alice.post("/battles/not-an-id/vote", {"outcome": "left"}),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert slug_of(answers[0]) == "battle-not-found"
    assert not Vote.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"outcome": "both"},
        {"outcome": None},
        {"outcome": "left", "winner": "left"},
        {"outcome": "left", "reasons": {"left": ["marvellous"]}},
        {"outcome": "left", "reasons": {"middle": []}},
        {"outcome": "left", "reasons": {"left": "clear"}},
        {"outcome": "left", "reasons": []},
        {"outcome": "left", "feedback": {"left": 3}},
        {"outcome": "left", "feedback": {"left": "x" * 2001}},
        {"outcome": "left", "feedback": "good"},
    ],
)
def test_a_vote_of_another_shape_is_refused_and_the_field_is_named(
    alice: Program, ready: Battle, body: dict[str, Any]
) -> None:
    response = alice.post(f"/battles/{ready.id}/vote", body)

    assert response.status_code == 422
    assert slug_of(response) == "request-invalid"
    assert response.json()["errors"][0]["where"].startswith("body.")
    assert not Vote.objects.exists()


def test_a_browser_votes_with_its_cookie_and_csrf_token(bob: Browser, battle_in: Callable[..., Battle]) -> None:
    battle = battle_in("ready", owner=bob)

    assert bob.post(f"/battles/{battle.id}/vote", {"outcome": "tie"}).status_code == 201


def test_too_many_votes_are_answered_429(alice: Program, ready: Battle, settings: Any) -> None:
    settings.ARENA_LIMITS_OFF = False
    settings.ARENA_LIMITS = {"vote": {"voter": (1, 3600), "network": (0, 3600)}}

    taken, refused = (alice.post(f"/battles/{ready.id}/vote", {"outcome": "left"}) for _attempt in range(2))

    assert taken.status_code == 201
    assert refused.status_code == 429
    assert slug_of(refused) == "rate-limited"
    assert int(refused["Retry-After"]) > 0


def test_a_vote_costs_a_known_number_of_queries(alice: Program, ready: Battle, django_assert_num_queries: Any) -> None:
    # Token, voter, consent; six of cast_vote in a test's transaction; what the answer tells.
    with django_assert_num_queries(10):
        assert alice.post(f"/battles/{ready.id}/vote", {"outcome": "left"}).status_code == 201
