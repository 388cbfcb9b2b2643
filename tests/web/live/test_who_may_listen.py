"""Who may listen on the WebSocket of a battle, and how much a client may say."""

import uuid
from typing import Any

import pytest
from django.db import OperationalError

from arena.battles.models import Battle
from arena.web import consumers
from arena.web.seats import BURST_FRAMES
from tests.api.callers import Browser, Program
from tests.web.sockets import battle_socket, headers_of, opened, until_state

OURS, THEIRS = b"http://127.0.0.1", b"https://evil.example"
NOT_FOUND, TOO_BIG, TOO_MUCH, TRY_AGAIN = 4404, 1009, 1008, 1013


@pytest.mark.parametrize("unknown", [False, True, "not-an-id"])
async def test_a_foreign_and_an_unknown_battle_are_closed_alike(
    mallory: Program, ready: Battle, unknown: bool | str
) -> None:
    battle_id = unknown if isinstance(unknown, str) else uuid.uuid4() if unknown else ready.id
    async with battle_socket(battle_id, headers_of(mallory)) as socket:
        await opened(socket)

        assert await socket.close_code() == NOT_FOUND


@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "Bearer wrong", "x-voter": "alice"}, {"authorization": "Bearer"}]
)
async def test_who_cannot_say_who_it_is_finds_no_battle(ready: Battle, headers: dict[str, str]) -> None:
    sent = [(b"origin", OURS), *((name.encode(), value.encode()) for name, value in headers.items())]
    async with battle_socket(ready.id, sent) as socket:
        await opened(socket)

        assert await socket.close_code() == NOT_FOUND


async def test_a_program_that_names_no_voter_finds_no_battle(alice: Program, ready: Battle) -> None:
    async with battle_socket(ready.id, headers_of(alice.named(None))) as socket:
        await opened(socket)

        assert await socket.close_code() == NOT_FOUND


async def test_a_browser_listens_from_our_own_pages(bob: Browser, of_bob: Battle) -> None:
    async with battle_socket(of_bob.id, headers_of(bob, OURS)) as socket:
        await opened(socket)
        assert (await until_state(socket))[-1]["state"] == "ready"


@pytest.mark.parametrize(
    "origin", [THEIRS, b"null", None, b"https://127.0.0.1", b"http://127.0.0.1:9", b"http://localhost"]
)
async def test_a_handshake_from_anywhere_else_is_refused(bob: Browser, of_bob: Battle, origin: bytes | None) -> None:
    async with battle_socket(of_bob.id, headers_of(bob, origin)) as socket:
        assert not await socket.opens()


async def test_one_socket_more_than_a_voter_may_have_is_asked_to_come_again(
    alice: Program, bob: Browser, ready: Battle, of_bob: Battle, settings: Any
) -> None:
    settings.ARENA_LIMITS_OFF, settings.ARENA_MAX_SOCKETS = False, 2
    async with (
        battle_socket(ready.id, headers_of(alice)) as first,
        battle_socket(ready.id, headers_of(alice)) as second,
    ):
        for socket in (first, second):
            await opened(socket)
            await until_state(socket)
        async with battle_socket(ready.id, headers_of(alice)) as third:
            await opened(third)
            assert await third.close_code() == TRY_AGAIN
        async with battle_socket(of_bob.id, headers_of(bob, OURS)) as other:
            await opened(other)
            await until_state(other)
    async with battle_socket(ready.id, headers_of(alice)) as later:
        await opened(later)
        await until_state(later)


async def test_a_client_that_talks_without_pause_is_cut_off(alice: Program, ready: Battle) -> None:
    async with battle_socket(ready.id, headers_of(alice)) as socket:
        await opened(socket)
        await until_state(socket)
        for _n in range(int(BURST_FRAMES) + 2):
            await socket.say("{}")
        assert await socket.close_code() == TOO_MUCH


async def test_a_bearer_needs_no_origin_and_minds_none(alice: Program, ready: Battle) -> None:
    async with battle_socket(ready.id, headers_of(alice, THEIRS)) as socket:
        await opened(socket)
        assert (await until_state(socket))[-1]["state"] == "ready"


async def test_with_both_a_cookie_and_a_bearer_the_bearer_counts(alice: Program, bob: Browser, of_bob: Battle) -> None:
    async with battle_socket(of_bob.id, [*headers_of(bob, OURS), *headers_of(alice)]) as socket:
        await opened(socket)

        assert await socket.close_code() == NOT_FOUND


async def test_while_the_database_is_away_the_client_is_asked_to_come_again(
    alice: Program, ready: Battle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_args: object) -> None:
        raise OperationalError("password=hunter2")

    monkeypatch.setattr(consumers, "_voter", away)

    async with battle_socket(ready.id, headers_of(alice)) as socket:
        await opened(socket)

        assert await socket.close_code() == TRY_AGAIN


async def test_a_message_that_is_too_big_ends_the_socket(alice: Program, ready: Battle) -> None:
    async with battle_socket(ready.id, headers_of(alice)) as socket:
        await opened(socket)
        await until_state(socket)

        await socket.say("x" * 1025)

        assert await socket.close_code() == TOO_BIG


async def test_a_small_message_is_heard_and_changes_nothing(alice: Program, ready: Battle) -> None:
    async with battle_socket(ready.id, headers_of(alice)) as socket:
        await opened(socket)
        await until_state(socket)

        await socket.say('{"type": "listen"}')

        assert await socket.receive_nothing(timeout=0.3)
