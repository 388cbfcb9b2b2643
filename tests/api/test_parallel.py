"""Requests that arrive at the same instant."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from arena.battles.models import Battle, Turn
from arena.systems.models import SystemVersion
from arena.votes.models import Vote
from tests.api.callers import Program, program, slug_of
from tests.ballots import make_arena, make_battle, make_battles, make_versions

TOGETHER = 10


@pytest.fixture
def alice(transactional_db: None, valkey: Any) -> Program:
    """Alice and two systems, committed, so that every thread sees them."""
    arena = make_arena()
    make_versions(arena, ["CanaryLeft", "CanaryRight"])
    return program("study", "alice")


def _at_once(times: int, send: Callable[[int], Any]) -> list[Any]:
    barrier = Barrier(TOGETHER)

    def work(n: int) -> Any:
        try:
            barrier.wait(timeout=30)
            return send(n)
        finally:
            connection.close()

    with ThreadPoolExecutor(TOGETHER) as pool:
        return list(pool.map(work, range(times)))


def test_fifty_parallel_votes_on_one_battle_are_one_row_and_one_answer(alice: Program) -> None:
    from arena.accounts.services import voter_of_token
    from arena.arenas.models import Arena

    left, right = SystemVersion.objects.order_by("id")
    battle = make_battle(Arena.objects.get(), left, right, voter=voter_of_token(alice.token, "alice"))

    answers = _at_once(50, lambda _n: alice.named("alice").post(f"/battles/{battle.id}/vote", {"outcome": "left"}))

    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 49}
    assert len({answer.content for answer in answers}) == 1
    assert Vote.objects.count() == 1


def test_of_parallel_votes_that_disagree_one_counts_and_the_others_conflict(alice: Program) -> None:
    from arena.accounts.services import voter_of_token
    from arena.arenas.models import Arena

    left, right = SystemVersion.objects.order_by("id")
    battle = make_battle(Arena.objects.get(), left, right, voter=voter_of_token(alice.token, "alice"))

    answers = _at_once(
        20,
        lambda n: alice.named("alice").post(f"/battles/{battle.id}/vote", {"outcome": "left" if n % 2 else "right"}),
    )

    codes = Counter(answer.status_code for answer in answers)
    assert codes == {201: 1, 200: 9, 409: 10}
    assert Vote.objects.count() == 1


def test_parallel_starts_with_one_idempotency_key_make_one_battle(alice: Program) -> None:
    answers = _at_once(
        20, lambda _n: alice.named("alice").post("/arenas/text/battles", {"prompt": "Hi"}, **{"Idempotency-Key": "k"})
    )

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert Battle.objects.count() == Turn.objects.count() == 1


def test_parallel_turns_with_one_idempotency_key_add_one_turn(alice: Program) -> None:
    from arena.accounts.services import voter_of_token
    from arena.arenas.models import Arena

    left, right = SystemVersion.objects.order_by("id")
    battle = make_battle(Arena.objects.get(), left, right, voter=voter_of_token(alice.token, "alice"))

    answers = _at_once(
        10,
        lambda _n: alice.named("alice").post(
            f"/battles/{battle.id}/turns", {"prompt": "More"}, **{"Idempotency-Key": "k"}
        ),
    )

    assert Turn.objects.filter(battle=battle).count() == 2
    assert {answer.status_code for answer in answers} == {201}


def test_of_parallel_starts_no_more_run_than_may(alice: Program, settings: Any) -> None:
    settings.ARENA_LIMITS_OFF, settings.ARENA_LIMITS, settings.ARENA_MAX_OPEN_BATTLES = False, {}, 3

    answers = _at_once(20, lambda n: alice.named("alice").post("/arenas/text/battles", {"prompt": f"Number {n}"}))

    assert Counter(answer.status_code for answer in answers) == {201: 3, 429: 17}
    assert {slug_of(answer) for answer in answers if answer.status_code == 429} == {"too-many-open-battles"}
    assert Battle.objects.count() == 3


def test_of_parallel_follow_ups_no_more_run_than_may(alice: Program, settings: Any) -> None:
    from arena.accounts.services import voter_of_token
    from arena.arenas.models import Arena

    settings.ARENA_LIMITS_OFF, settings.ARENA_LIMITS, settings.ARENA_MAX_OPEN_BATTLES = False, {}, 3
    left, right = SystemVersion.objects.order_by("id")
    voter = voter_of_token(alice.token, "alice")
    ready = make_battles(Arena.objects.get(), [(left, right)] * 10, voter=voter)

    answers = _at_once(10, lambda n: alice.named("alice").post(f"/battles/{ready[n].id}/turns", {"prompt": "More"}))

    assert Counter(answer.status_code for answer in answers) == {201: 3, 429: 7}
    assert Battle.objects.filter(state="queued").count() == 3


def test_first_requests_of_one_voter_at_once_make_one_voter(alice: Program) -> None:
    from arena.accounts.models import Voter

    answers = _at_once(20, lambda _n: alice.named("newcomer").get("/battles"))

    assert {answer.status_code for answer in answers} == {200}
    assert Voter.objects.filter(external_id="newcomer").count() == 1
