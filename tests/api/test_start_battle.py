"""POST /api/v1/arenas/{slug}/battles."""

from typing import Any

import pytest

from arena.battles.models import Battle, Turn
from arena.common.models import OutboxMessage
from arena.router import services as router
from arena.router.errors import GuardUnavailable
from arena.router.guard import Refusal
from tests.api.callers import CONSENT, KEYS, Browser, Program, browser, program, slug_of

PATH = "/arenas/text/battles"


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_a_prompt_becomes_a_queued_battle_with_the_keys_of_the_contract(
    request: pytest.FixtureRequest, who: str
) -> None:
    caller: Program | Browser = request.getfixturevalue(who)

    response = caller.post(PATH, {"prompt": "Why is the sky blue?"})

    assert response.status_code == 201
    assert response["Cache-Control"] == "no-store"
    document = response.json()
    assert list(document) == KEYS
    assert document["turns"] == [
        {"n": 1, "prompt": "Why is the sky blue?", "left": {"text": ""}, "right": {"text": ""}}
    ]
    assert (document["arena"], document["state"], document["reason"]) == ("text", "queued", None)
    assert (document["vote"], document["systems"]) == (None, None)
    assert OutboxMessage.objects.get().task == "arena.generate_turn"


def test_without_consent_there_is_no_battle(arena: Any) -> None:
    for caller in (program("another study", "alice", consents=False), browser(consents=False)):
        response = caller.post(PATH, {"prompt": "Hello"})

        assert response.status_code == 403
        assert slug_of(response) == "consent-required"
    assert not Battle.objects.exists()


def test_publication_consent_is_kept_with_the_battle(bob: Browser) -> None:
    bob.post(PATH, {"prompt": "Before"})
    bob.post("/consent", {**CONSENT, "publication": True})
    bob.post(PATH, {"prompt": "After"})

    assert list(Battle.objects.order_by("created_at").values_list("publication", flat=True)) == [False, True]


@pytest.mark.parametrize("prompt", ["", "   \n", "x" * 8001, "x" * 100_000])
def test_an_empty_or_too_long_prompt_is_unprocessable(alice: Program, prompt: str) -> None:
    response = alice.post(PATH, {"prompt": prompt})

    assert response.status_code == 422
    assert slug_of(response) == "prompt-invalid"
    assert response.json()["code"].startswith("prompt_")
    assert not Battle.objects.exists()


@pytest.mark.parametrize(
    "body", [b'{"prompt": "\xff\xfe"}', b'{"prompt": "\\ud800"}', b'{"prompt": "\\u0000"}', b'\xff\xfe{"prompt": "a"}']
)
def test_a_wrongly_encoded_prompt_is_unprocessable(alice: Program, body: bytes) -> None:
    response = alice.post(PATH, body)

    assert response.status_code == 422
    assert slug_of(response) == "encoding-invalid"
    assert not Battle.objects.exists()


def test_a_prompt_of_8000_astral_characters_as_escapes_is_taken(alice: Program) -> None:
    response = alice.post(PATH, {"prompt": "😀" * 8000})

    assert response.status_code == 201
    assert Turn.objects.get().prompt == "😀" * 8000


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"prompt": 7},
        {"prompt": None},
        {"prompt": ["Hello"]},
        {"prompt": "Hello", "model": "gpt"},
        {"prompt": "Hello", "requirement": "short"},
        [],
        "Hello",
        None,
    ],
)
def test_a_body_of_another_shape_is_refused_and_the_field_is_named(alice: Program, body: Any) -> None:
    response = alice.post(PATH, body)

    assert response.status_code == 422
    assert slug_of(response) == "request-invalid"
    assert response.json()["errors"]
    assert not Battle.objects.exists()


def test_a_requirement_that_the_arena_does_not_know_is_refused(alice: Program) -> None:
    response = alice.post(PATH, {"prompt": "Hello", "requirement": {"wings": 2}})

    assert response.status_code == 422
    assert slug_of(response) == "prompt-invalid"


def test_a_refused_prompt_is_a_battle_in_state_refused_with_a_reason(
    alice: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(router, "moderate", lambda *_given: Refusal("unsafe_content", "no"))

    response = alice.post(PATH, {"prompt": "Something bad"})

    assert response.status_code == 201
    assert list(response.json()) == KEYS
    assert (response.json()["state"], response.json()["reason"]) == ("refused", "unsafe_content")
    assert not OutboxMessage.objects.exists()


def test_while_the_guard_is_away_nothing_is_accepted(alice: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_given: object) -> None:
        raise GuardUnavailable

    monkeypatch.setattr(router, "moderate", away)

    response = alice.post(PATH, {"prompt": "Hello"})

    assert response.status_code == 503
    assert slug_of(response) == "guard-unavailable"
    assert int(response["Retry-After"]) > 0
    assert not Battle.objects.exists()


def test_an_unknown_and_a_closed_arena_are_not_found(arena: Any, alice: Program) -> None:
    unknown = alice.post("/arenas/nowhere/battles", {"prompt": "Hello"})
    arena.is_open = False
    arena.save()
    closed = alice.post(PATH, {"prompt": "Hello"})

    assert unknown.status_code == closed.status_code == 404
    assert slug_of(unknown) == "arena-not-found"
    assert unknown.content == closed.content


def test_the_same_idempotency_key_and_body_give_the_same_battle_and_status(alice: Program) -> None:
    first, again = (alice.post(PATH, {"prompt": "Hello"}, **{"Idempotency-Key": "k1"}) for _attempt in range(2))

    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert Battle.objects.count() == Turn.objects.count() == OutboxMessage.objects.count() == 1


def test_an_idempotency_key_with_another_body_is_refused(alice: Program) -> None:
    alice.post(PATH, {"prompt": "Hello"}, **{"Idempotency-Key": "k1"})

    response = alice.post(PATH, {"prompt": "Goodbye"}, **{"Idempotency-Key": "k1"})

    assert response.status_code == 422
    assert slug_of(response) == "idempotency-mismatch"
    assert Battle.objects.count() == 1


def test_idempotency_keys_belong_to_their_voter(alice: Program, mallory: Program) -> None:
    mine, theirs = (caller.post(PATH, {"prompt": "Hello"}, **{"Idempotency-Key": "k1"}) for caller in (alice, mallory))

    assert mine.status_code == theirs.status_code == 201
    assert mine.json()["id"] != theirs.json()["id"]


@pytest.mark.parametrize("key", ["", "x" * 201, "naïve"])
def test_an_unusable_idempotency_key_is_refused(alice: Program, key: str) -> None:
    response = alice.post(PATH, {"prompt": "Hello"}, **{"Idempotency-Key": key})

    assert response.status_code == 422
    assert slug_of(response) == "request-invalid"


def test_too_many_battles_are_answered_429_with_the_time_to_wait(alice: Program, settings: Any) -> None:
    settings.ARENA_LIMITS_OFF = False
    settings.ARENA_MAX_OPEN_BATTLES = 0
    settings.ARENA_LIMITS = {"battle": {"voter": (1, 3600), "network": (0, 3600)}}

    taken, refused = (alice.post(PATH, {"prompt": "Hello"}) for _attempt in range(2))

    assert taken.status_code == 201
    assert refused.status_code == 429
    assert slug_of(refused) == "rate-limited"
    assert 0 < int(refused["Retry-After"]) <= 3600


def test_too_many_open_battles_are_told_as_such(alice: Program, settings: Any) -> None:
    settings.ARENA_LIMITS_OFF = False
    settings.ARENA_MAX_OPEN_BATTLES = 1

    taken, refused = (alice.post(PATH, {"prompt": "Hello"}) for _attempt in range(2))

    assert taken.status_code == 201
    assert refused.status_code == 429
    assert slug_of(refused) == "too-many-open-battles"
    assert refused["Retry-After"]


def test_a_retry_is_answered_also_where_a_new_battle_would_not_be(alice: Program, settings: Any) -> None:
    settings.ARENA_LIMITS_OFF = False
    settings.ARENA_MAX_OPEN_BATTLES = 1
    first, again = (alice.post(PATH, {"prompt": "Hello"}, **{"Idempotency-Key": "k"}) for _attempt in range(2))

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    other = alice.post(PATH, {"prompt": "Other"}, **{"Idempotency-Key": "k"})
    assert slug_of(other) == "idempotency-mismatch"
    assert alice.post(PATH, {"prompt": "Hello"}, **{"Idempotency-Key": "k2"}).status_code == 429


def test_starting_a_battle_costs_a_known_number_of_queries(alice: Program, django_assert_num_queries: Any) -> None:
    alice.post(PATH, {"prompt": "Hello"})

    # Token, voter, arena, consent twice; three rows in a savepoint; answers, turns.
    with django_assert_num_queries(12):
        alice.post(PATH, {"prompt": "Hello"})
