"""The WebSocket of a battle, through the site's own ASGI application: who may listen, and what is said."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import redis.asyncio
from django.db import OperationalError

from arena.accounts.services import voter_of_cookie, voter_of_token
from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.battles.moves import set_state
from arena.battles.states import BattleState
from arena.common import live
from arena.common.pipelines import Pipelines
from arena.config.asgi import by_protocol as application
from arena.systems.models import SystemVersion
from arena.web import consumers
from arena.web import hub as hubs
from arena.web.seats import BURST_FRAMES
from tests.api.callers import Browser, Program, browser, program
from tests.ballots import make_arena, make_battle, make_version
from tests.web.sockets import Socket

OURS, THEIRS = b"http://127.0.0.1", b"https://evil.example"
NOT_FOUND, TOO_BIG, TOO_MUCH, TRY_AGAIN = 4404, 1009, 1008, 1013


@pytest.fixture
def arena(transactional_db: None, valkey: Any) -> Arena:
    """An arena, committed, so that the socket's threads see it."""
    arena = make_arena()
    for name in ("CanaryLeft", "CanaryRight"):
        make_version(arena, name)
    return arena


@pytest.fixture
def alice(arena: Arena) -> Program:
    return program("study", "alice")


@pytest.fixture
def mallory(arena: Arena) -> Program:
    return program("mallory's", "mallory")


@pytest.fixture
def bob(arena: Arena) -> Browser:
    return browser()


def _battle(arena: Arena, voter: Any, state: str = "ready", turns: int = 1) -> Battle:
    left, right = SystemVersion.objects.order_by("id")
    return make_battle(arena, left, right, voter=voter, state=state, turns=turns)


@pytest.fixture
def ready(arena: Arena, alice: Program) -> Battle:
    """Alice's battle, complete."""
    return _battle(arena, voter_of_token(alice.token, "alice"), turns=2)


@pytest.fixture
def running(arena: Arena, alice: Program) -> Battle:
    """Alice's battle whose second turn is being written."""
    from arena.battles.models import Turn

    battle = _battle(arena, voter_of_token(alice.token, "alice"), "generating")
    Turn.objects.create(battle=battle, n=2, prompt="More")
    return battle


def _of(caller: Program | Browser, origin: bytes | None = None) -> list[tuple[bytes, bytes]]:
    headers = [] if origin is None else [(b"origin", origin)]
    if isinstance(caller, Program):
        return [*headers, *((name.lower().encode(), value.encode()) for name, value in caller.headers().items())]
    cookie = caller.client.cookies["arena_voter"].value
    return [*headers, (b"cookie", f"arena_voter={cookie}".encode())]


@pytest.fixture(autouse=True)
async def _hub_closed() -> AsyncIterator[None]:
    """Close what the site keeps open for each event loop: a test has one of its own."""
    yield
    kept = hubs._hubs.pop(asyncio.get_running_loop(), None)
    if kept is not None:
        if kept._task is not None:
            await kept._task
        await kept.connection.aclose()


@asynccontextmanager
async def _redis() -> AsyncIterator["redis.asyncio.Redis"]:
    connection = live.async_client()
    try:
        yield connection
    finally:
        await connection.aclose()


@asynccontextmanager
async def _socket(
    battle_id: object, headers: list[tuple[bytes, bytes]], after: str | None = None
) -> AsyncIterator[Socket]:
    query = "" if after is None else f"?after={after}"
    socket = Socket(application, f"/ws/v1/battles/{battle_id}{query}", [(b"host", b"127.0.0.1"), *headers])
    try:
        yield socket
    finally:
        await socket.leave()


async def _opened(socket: Socket) -> None:
    assert await socket.opens()


async def _until_state(socket: Socket) -> list[dict[str, Any]]:
    """Messages up to the first that tells a state."""
    messages: list[dict[str, Any]] = []
    while not messages or messages[-1]["type"] != "state":
        messages.append(json.loads(await socket.hear()))
    return messages


async def test_a_complete_battle_is_told_as_snapshots_and_its_state(alice: Program, ready: Battle) -> None:
    async with _socket(ready.id, _of(alice)) as socket:
        await _opened(socket)
        messages = await _until_state(socket)

    assert [message["type"] for message in messages] == ["snapshot", "snapshot", "state"]
    assert {key: messages[0][key] for key in ("turn", "left", "right")} == {
        "turn": 1,
        "left": "Answer 1 left",
        "right": "Answer 1 right",
    }
    assert (messages[-1]["state"], messages[-1]["reason"]) == ("ready", None)
    assert all(isinstance(message["id"], str) for message in messages)


async def test_frames_are_appended_as_they_come_and_then_the_state(alice: Program, running: Battle) -> None:
    async with _redis() as connection:
        writer = live.TurnWriter(Pipelines(connection), running.id, 2)
        async with _socket(running.id, _of(alice)) as socket:
            await _opened(socket)
            assert (await _until_state(socket))[-1]["state"] == "generating"

            await writer.begin()
            await writer.frame({"left": "Hel", "right": "Good"})
            await writer.frame({"left": "lo", "right": " day"})
            text = {"left": "", "right": ""}
            while text != {"left": "Hello", "right": "Good day"}:
                message = json.loads(await socket.hear())
                assert message["turn"] == 2
                keep = message["type"] == "frame"
                text = {side: (before if keep else "") + message[side] for side, before in text.items()}

            from channels.db import database_sync_to_async

            assert await database_sync_to_async(set_state)(running.id, BattleState.READY)
            assert (await _until_state(socket))[-1] | {"id": ""} == {
                "id": "",
                "type": "state",
                "state": "ready",
                "reason": None,
            }


async def test_a_client_that_comes_back_gets_what_it_missed_and_no_more(alice: Program, running: Battle) -> None:
    async with _redis() as connection:
        writer = live.TurnWriter(Pipelines(connection), running.id, 2)
        await writer.begin()
        await writer.frame({"left": "a", "right": "b"})
        seen = (await live.read_all(connection, running.id))[-1].id
        await writer.frame({"left": "c", "right": "d"})

        async with _socket(running.id, _of(alice), after=seen) as socket:
            await _opened(socket)
            messages = await _until_state(socket)

        assert [(message["type"], message.get("left"), message.get("right")) for message in messages] == [
            ("frame", "c", "d"),
            ("state", None, None),
        ]


@pytest.mark.parametrize("after", ["never-seen", "0", "1-1", "%00"])
async def test_an_unknown_event_gives_the_whole_text_as_snapshots(alice: Program, running: Battle, after: str) -> None:
    async with _redis() as connection:
        writer = live.TurnWriter(Pipelines(connection), running.id, 2)
        await writer.begin()
        await writer.frame({"left": "Hello", "right": "Good day"})

        async with _socket(running.id, _of(alice), after=after) as socket:
            await _opened(socket)
            messages = await _until_state(socket)

        assert [(message["type"], message.get("turn"), message.get("left")) for message in messages] == [
            ("snapshot", 1, "Answer 1 left"),
            ("snapshot", 2, "Hello"),
            ("state", None, None),
        ]


async def test_nothing_on_the_socket_names_a_system(alice: Program, ready: Battle) -> None:
    async with _socket(ready.id, _of(alice)) as socket:
        await _opened(socket)
        assert "Canary" not in json.dumps(await _until_state(socket))


@pytest.mark.parametrize("unknown", [False, True, "not-an-id"])
async def test_a_foreign_and_an_unknown_battle_are_closed_alike(
    mallory: Program, ready: Battle, unknown: bool | str
) -> None:
    battle_id = unknown if isinstance(unknown, str) else uuid.uuid4() if unknown else ready.id
    async with _socket(battle_id, _of(mallory)) as socket:
        await _opened(socket)

        assert await socket.close_code() == NOT_FOUND


@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "Bearer wrong", "x-voter": "alice"}, {"authorization": "Bearer"}]
)
async def test_who_cannot_say_who_it_is_finds_no_battle(ready: Battle, headers: dict[str, str]) -> None:
    sent = [(b"origin", OURS), *((name.encode(), value.encode()) for name, value in headers.items())]
    async with _socket(ready.id, sent) as socket:
        await _opened(socket)

        assert await socket.close_code() == NOT_FOUND


async def test_a_program_that_names_no_voter_finds_no_battle(alice: Program, ready: Battle) -> None:
    async with _socket(ready.id, _of(alice.named(None))) as socket:
        await _opened(socket)

        assert await socket.close_code() == NOT_FOUND


@pytest.fixture
def of_bob(arena: Arena, bob: Browser) -> Battle:
    return _battle(arena, voter_of_cookie(bob.client.cookies["arena_voter"].value))


async def test_a_browser_listens_from_our_own_pages(bob: Browser, of_bob: Battle) -> None:
    async with _socket(of_bob.id, _of(bob, OURS)) as socket:
        await _opened(socket)
        assert (await _until_state(socket))[-1]["state"] == "ready"


@pytest.mark.parametrize(
    "origin", [THEIRS, b"null", None, b"https://127.0.0.1", b"http://127.0.0.1:9", b"http://localhost"]
)
async def test_a_handshake_from_anywhere_else_is_refused(bob: Browser, of_bob: Battle, origin: bytes | None) -> None:
    async with _socket(of_bob.id, _of(bob, origin)) as socket:
        assert not await socket.opens()


async def test_one_socket_more_than_a_voter_may_have_is_asked_to_come_again(
    alice: Program, bob: Browser, ready: Battle, of_bob: Battle, settings: Any
) -> None:
    settings.ARENA_LIMITS_OFF, settings.ARENA_MAX_SOCKETS = False, 2
    async with _socket(ready.id, _of(alice)) as first, _socket(ready.id, _of(alice)) as second:
        for socket in (first, second):
            await _opened(socket)
            await _until_state(socket)
        async with _socket(ready.id, _of(alice)) as third:
            await _opened(third)
            assert await third.close_code() == TRY_AGAIN
        async with _socket(of_bob.id, _of(bob, OURS)) as other:
            await _opened(other)
            await _until_state(other)
    async with _socket(ready.id, _of(alice)) as later:
        await _opened(later)
        await _until_state(later)


async def test_a_client_that_talks_without_pause_is_cut_off(alice: Program, ready: Battle) -> None:
    async with _socket(ready.id, _of(alice)) as socket:
        await _opened(socket)
        await _until_state(socket)
        for _n in range(int(BURST_FRAMES) + 2):
            await socket.say("{}")
        assert await socket.close_code() == TOO_MUCH


async def test_a_bearer_needs_no_origin_and_minds_none(alice: Program, ready: Battle) -> None:
    async with _socket(ready.id, _of(alice, THEIRS)) as socket:
        await _opened(socket)
        assert (await _until_state(socket))[-1]["state"] == "ready"


async def test_with_both_a_cookie_and_a_bearer_the_bearer_counts(alice: Program, bob: Browser, of_bob: Battle) -> None:
    async with _socket(of_bob.id, [*_of(bob, OURS), *_of(alice)]) as socket:
        await _opened(socket)

        assert await socket.close_code() == NOT_FOUND


async def test_while_the_database_is_away_the_client_is_asked_to_come_again(
    alice: Program, ready: Battle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_args: object) -> None:
        raise OperationalError("password=hunter2")

    monkeypatch.setattr(consumers, "_voter", away)

    async with _socket(ready.id, _of(alice)) as socket:
        await _opened(socket)

        assert await socket.close_code() == TRY_AGAIN


async def test_a_message_that_is_too_big_ends_the_socket(alice: Program, ready: Battle) -> None:
    async with _socket(ready.id, _of(alice)) as socket:
        await _opened(socket)
        await _until_state(socket)

        await socket.say("x" * 1025)

        assert await socket.close_code() == TOO_BIG


async def test_a_small_message_is_heard_and_changes_nothing(alice: Program, ready: Battle) -> None:
    async with _socket(ready.id, _of(alice)) as socket:
        await _opened(socket)
        await _until_state(socket)

        await socket.say('{"type": "listen"}')

        assert await socket.receive_nothing(timeout=0.3)
