"""Who a request comes from: bearer, cookie, CSRF."""

from collections.abc import Callable
from typing import Any

import pytest

from arena.accounts.models import Voter
from arena.battles.models import Battle
from tests.api.callers import CONSENT, Browser, Program, slug_of

POSTS = [
    "/consent",
    "/arenas/text/battles",
    "/battles/x/turns",
    "/battles/x/vote",
    "/battles/x/stop",
    "/battles/x/report",
]
READS = ["/session", "/battles", "/battles/x"]


@pytest.mark.parametrize("path", POSTS)
def test_a_browser_without_the_csrf_token_is_refused(bob: Browser, path: str) -> None:
    bob.csrf = ""

    response = bob.post(path, CONSENT)

    assert response.status_code == 403
    assert slug_of(response) == "csrf-failed"


@pytest.mark.parametrize("path", POSTS)
def test_a_browser_with_another_csrf_token_is_refused(bob: Browser, path: str) -> None:
    bob.csrf = "x" * 64

    response = bob.post(path, CONSENT)

    assert response.status_code == 403
    assert slug_of(response) == "csrf-failed"


@pytest.mark.parametrize("path", POSTS + READS)
@pytest.mark.parametrize("secret", ["wrong", "", "a b", "ünï"])
def test_an_unknown_bearer_is_unauthorised_even_with_a_good_cookie(bob: Browser, path: str, secret: str) -> None:
    send = bob.get if path in READS else lambda where, **headers: bob.post(where, CONSENT, **headers)

    response = send(path, Authorization=f"Bearer {secret}")

    assert response.status_code == 401
    assert slug_of(response) == "token-invalid"


@pytest.mark.parametrize("name", [None, "", " ", "x" * 201, "a\tb", "naïve"])
def test_a_program_must_name_its_voter_where_one_is_needed(alice: Program, name: str | None) -> None:
    nameless = alice.named(name)

    for response in (nameless.post("/arenas/text/battles", {"prompt": "Hello"}), nameless.get("/battles")):
        assert response.status_code == 400
        assert slug_of(response) == "voter-required"


def test_a_voter_is_made_at_first_sight_and_found_again(alice: Program) -> None:
    for _attempt in range(2):
        alice.named("x" * 200).get("/battles")

    assert Voter.objects.filter(token=alice.token, external_id="x" * 200).count() == 1


def test_two_programs_may_use_the_same_name_for_different_voters(alice: Program, mallory: Program) -> None:
    battle = alice.post("/arenas/text/battles", {"prompt": "Hello"}).json()

    assert mallory.named("alice").get(f"/battles/{battle['id']}").status_code == 404


def test_with_both_a_cookie_and_a_bearer_the_bearer_counts(
    alice: Program, bob: Browser, battle_in: Callable[..., Battle]
) -> None:
    of_alice, of_bob = battle_in(), battle_in(owner=bob)
    bob.csrf = ""

    def ask(battle: Battle) -> Any:
        return bob.get(f"/battles/{battle.id}", **alice.headers())

    assert ask(of_alice).status_code == 200
    assert ask(of_bob).status_code == 404
    # And no CSRF token is asked of it.
    assert bob.post(f"/battles/{of_alice.id}/vote", {"outcome": "left"}, **alice.headers()).status_code == 201


def test_another_scheme_of_authorization_is_not_ours_to_judge(bob: Browser) -> None:
    assert bob.get("/battles", Authorization="Basic c3RhZ2luZzpzZWNyZXQ=").status_code == 200


def test_the_secret_of_a_program_is_nowhere_in_an_answer(alice: Program) -> None:
    for response in (alice.get("/session"), alice.get("/battles/x"), alice.post("/consent", CONSENT)):
        assert alice.secret.encode() not in response.content
        assert alice.secret not in str(response.headers)
