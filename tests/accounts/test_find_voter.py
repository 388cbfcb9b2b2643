"""Voters: a browser's by its secret cookie, a program's by the program's own name for it."""

import hashlib
import threading

import pytest
from django.db import connection
from django.db.models.functions import Now

from arena.accounts.models import Voter
from arena.accounts.services import (
    ExternalIdInvalid,
    create_browser_voter,
    create_token,
    token_of_bearer,
    voter_of_cookie,
    voter_of_token,
)

pytestmark = pytest.mark.django_db


def test_alice_is_found_by_her_cookie() -> None:
    alice, cookie = create_browser_voter()
    bob, _other = create_browser_voter()
    assert voter_of_cookie(cookie) == alice != bob


def test_only_the_hash_of_a_cookie_is_stored() -> None:
    alice, cookie = create_browser_voter()
    alice.refresh_from_db()
    assert len(cookie) == 43
    assert bytes(alice.cookie_sha256 or b"") == hashlib.sha256(cookie.encode()).digest()


@pytest.mark.parametrize("value", [None, "", "x", "x" * 43, "x" * 4000, "é" * 43, "a" * 42 + "\n", "\x00" * 43])
def test_mallory_finds_nobody_with_a_made_up_cookie(value: str | None) -> None:
    create_browser_voter()
    assert voter_of_cookie(value) is None


def test_the_stored_hash_is_no_cookie() -> None:
    alice, _cookie = create_browser_voter()
    assert voter_of_cookie(bytes(alice.cookie_sha256 or b"").hex()) is None


def test_a_programs_voter_is_made_once() -> None:
    token, _value = create_token("study")
    alice = voter_of_token(token, "alice")
    assert voter_of_token(token, "alice") == alice
    assert voter_of_token(token, "bob") != alice


def test_two_programs_may_use_the_same_name_for_different_voters() -> None:
    one, other = create_token("one")[0], create_token("other")[0]
    assert voter_of_token(one, "alice") != voter_of_token(other, "alice")


@pytest.mark.parametrize("name", ["", "x" * 201, "a\nb", "a\x00b", "\u200b", "\ud800"])
def test_a_voter_needs_a_printable_name(name: str) -> None:
    token, _value = create_token("study")
    with pytest.raises(ExternalIdInvalid):
        voter_of_token(token, name)
    assert not Voter.objects.exists()


@pytest.mark.parametrize("value", [None, "", "arena_", "arena_" + "x" * 43, "Bearer x", "arena_" + "x" * 5000])
def test_mallory_gets_in_with_no_made_up_token(value: str | None) -> None:
    create_token("study")
    assert token_of_bearer(value) is None


def test_a_token_is_taken_as_a_whole() -> None:
    token, value = create_token("study")
    assert token_of_bearer(value) == token
    assert token_of_bearer(value.removeprefix("arena_")) is None
    assert token_of_bearer(value + " ") is None


def test_a_revoked_token_opens_nothing() -> None:
    token, value = create_token("study")
    token.revoked_at = Now()  # type: ignore[assignment]
    token.save()
    assert token_of_bearer(value) is None


@pytest.mark.django_db(transaction=True)
def test_first_requests_at_the_same_time_make_one_voter() -> None:
    token, _value = create_token("study")
    found: list[int] = []
    start = threading.Barrier(8)

    def asking() -> None:
        try:
            start.wait(10)
            found.append(voter_of_token(token, "alice").pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=asking) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert Voter.objects.count() == 1
