"""What is told over the socket of a battle of music, and what a forger gets by it: through WebSocket and HTTP."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.db.models.functions import Now
from hypothesis import given
from hypothesis import strategies as st

from arena.accounts.services import voter_of_token
from arena.arenas.models import Arena
from arena.battles.models import Battle, Turn
from arena.common import live
from arena.media.models import Clip
from arena.votes.models import Listening, Vote
from arena.votes.services import server_clock_s
from arena.web import consumers, listening
from arena.web.consumers import BattleConsumer
from arena.web.listening import FrameInvalid, parsed
from tests.api.callers import Program, program
from tests.clips import make_music_arena, make_music_battle
from tests.web.sockets import TIMEOUT_S, Socket, battle_socket, headers_of, opened, redis_connection

#: A socket may say so much at once; then five frames a second.
GAP_S = 0.21
Say = Callable[[Socket, str, float], Awaitable[None]]


def frame(side: str, event: str, media_s: float, seq: int, **more: Any) -> str:
    fields = {"type": "listen", "side": side, "event": event, "media_s": media_s, "seq": seq, "muted": False}
    return json.dumps(fields | more)


class Clock:
    """The server's, which a test moves on instead of waiting."""

    skipped_s = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.skipped_s

    def server_clock_s(self) -> float:
        return server_clock_s() + self.skipped_s


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch) -> Say:
    """Send a message; once the server has taken it, let so much time pass."""
    clock, taken, receive = Clock(), asyncio.Event(), BattleConsumer.receive

    async def receiving(self: BattleConsumer, *args: Any, **message: Any) -> None:
        await receive(self, *args, **message)
        taken.set()

    async def said(socket: Socket, text: str, then_s: float) -> None:
        taken.clear()
        await socket.say(text)
        await asyncio.wait_for(taken.wait(), TIMEOUT_S)
        clock.skipped_s += then_s

    monkeypatch.setattr(BattleConsumer, "receive", receiving)
    monkeypatch.setattr(listening, "server_clock_s", clock.server_clock_s)
    for module in (listening, consumers):
        monkeypatch.setattr(module, "time", clock)
    return said


@pytest.fixture
def alice(transactional_db: None, valkey: Any) -> Program:
    return program("study", "alice")


@pytest.fixture
def arena(transactional_db: None) -> Arena:
    return make_music_arena(min_listen_s=0.7)


@pytest.fixture
def battle(arena: Arena, alice: Program) -> Battle:
    return make_music_battle(arena, voter=voter_of_token(alice.token, "alice"))


async def _heard(socket: Socket) -> dict[str, Any]:
    while True:
        message: dict[str, Any] = json.loads(await socket.hear())
        if message["type"] == "heard":
            return message


async def _heard_up_to(socket: Socket, seq: int) -> dict[str, Any]:
    heard = await _heard(socket)
    while heard["seq"] < seq:
        heard = await _heard(socket)
    return heard


async def _vote(alice: Program, battle: Battle) -> Any:
    def cast() -> Any:
        return alice.post(f"/battles/{battle.id}/vote", {"outcome": "left"})

    return await database_sync_to_async(cast)()


async def test_a_socket_begins_with_what_was_heard(alice: Program, battle: Battle) -> None:
    async with battle_socket(battle.id, headers_of(alice)) as socket:
        await opened(socket)
        heard = await _heard(socket)

    assert heard == {"type": "heard", "left_s": 0.0, "right_s": 0.0, "required_s": 0.7, "seq": 0}


def _unfinished(arena: Arena, alice: Program, state: str, phase: str) -> Battle:
    """A battle asked for an hour ago that stands where the test says; an earlier one took two hours."""
    earlier = Turn.objects.get(battle=make_music_battle(arena))
    Turn.objects.filter(pk=earlier.pk).update(finished_at=earlier.created_at + timedelta(hours=2))
    battle = make_music_battle(arena, voter=voter_of_token(alice.token, "alice"), state=state)
    Clip.objects.filter(response__turn__battle=battle).delete()
    asked_at = Now() - timedelta(hours=1)
    Turn.objects.filter(battle=battle).update(created_at=asked_at, finished_at=None, phase=phase)
    return battle


@pytest.mark.parametrize(
    ("state", "phase", "told_phase"),
    [
        ("queued", "generate", "queued"),
        ("generating", "generate", "generating"),
        ("generating", "prepare", "preparing"),
    ],
)
async def test_who_reloads_while_clips_are_made_is_told_where_they_are_and_what_is_left(
    alice: Program, arena: Arena, state: str, phase: str, told_phase: str
) -> None:
    battle = await database_sync_to_async(_unfinished)(arena, alice, state, phase)
    # What was said when the battle began: of its two hours one is over.
    await database_sync_to_async(live.publish_progress)(battle.id, "generating", 7200.0)
    async with redis_connection() as connection:
        (event,) = await live.read_all(connection, battle.id)
    for after in (None, event.id):
        async with battle_socket(battle.id, headers_of(alice), after) as socket:
            await socket.opens()
            told = [json.loads(await socket.hear()) for _n in range(2)]

        assert [one["type"] for one in told] == ["state", "progress"]
        assert told[1]["phase"] == told_phase
        expected_s = 0.8 if told_phase == "preparing" else 3600
        assert told[1]["expected_s"] == pytest.approx(expected_s, abs=60)


async def test_who_listens_to_both_sides_is_told_so_and_may_vote(alice: Program, battle: Battle, say: Say) -> None:
    async with battle_socket(battle.id, headers_of(alice)) as socket:
        await opened(socket)
        await _heard(socket)
        early = await _vote(alice, battle)
        for n, side in enumerate(("left", "right")):
            await say(socket, frame(side, "play", 0, 10 * n + 1), 0.8)
            await say(socket, frame(side, "pause", 0.8, 10 * n + 2), 0)
        heard = await _heard_up_to(socket, 12)
        vote = await _vote(alice, battle)

    assert (early.status_code, early.json()["type"]) == (409, "not-heard")
    assert early.json()["missing"] == {"left": 0.7, "right": 0.7}
    assert min(heard["left_s"], heard["right_s"]) >= 0.7
    assert vote.status_code == 201


def _in_the_future() -> list[str]:
    return [frame(side, "tick" if n else "play", 500.0 + n, n + 1) for side in ("left", "right") for n in range(4)]


def _overlapping() -> list[str]:
    one = [frame("left", "play", 0, 1), frame("right", "play", 0, 1)]
    return [*one, *(frame(side, "tick", n * 0.3, n + 1) for n in range(1, 4) for side in ("left", "right"))]


def _ten_times_the_speed() -> list[str]:
    return [frame(side, "tick" if n else "play", n * 10.0, n + 1) for side in ("left", "right") for n in range(3)]


def _replayed() -> list[str]:
    return [
        frame(side, event, at_s, n + 1)
        for side in ("left", "right")
        for n, (event, at_s) in enumerate([("play", 0.0), ("tick", 0.1), ("pause", 0.2)])
    ]


def _without_playing() -> list[str]:
    return [frame(side, "tick", n * 0.2, n + 1) for side in ("left", "right") for n in range(4)]


def _muted() -> list[str]:
    return [
        frame(side, "tick" if n else "play", n * GAP_S, n + 1, muted=True)
        for side in ("left", "right")
        for n in range(5)
    ]


@pytest.mark.parametrize(
    ("forgery", "times"),
    [
        (_in_the_future, 1),
        (_overlapping, 1),
        (_ten_times_the_speed, 1),
        (_replayed, 4),
        (_without_playing, 1),
        (_muted, 1),
    ],
)
async def test_forged_evidence_opens_no_vote(
    alice: Program, battle: Battle, say: Say, forgery: Callable[[], list[str]], times: int
) -> None:
    for _again in range(times):
        async with battle_socket(battle.id, headers_of(alice)) as socket:
            await opened(socket)
            for said in forgery():
                await say(socket, said, GAP_S if times == 1 else 0.12)
        vote = await _vote(alice, battle)
        assert (vote.status_code, vote.json()["type"]) == (409, "not-heard")

    assert not await database_sync_to_async(Vote.objects.exists)()


async def test_nothing_but_a_frame_of_the_contract_is_recorded(alice: Program, battle: Battle, say: Say) -> None:
    async with battle_socket(battle.id, headers_of(alice)) as socket:
        await opened(socket)
        for said in (
            "",
            "{",
            "[]",
            '{"type":"listen"}',
            frame("both", "play", 0, 1),
            frame("left", [], 0, 1),
            frame("left", "play", 0, True),
        ):
            await say(socket, said, GAP_S)

    assert not await database_sync_to_async(Listening.objects.exists)()


_odd = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers(), max_size=2))


@given(st.dictionaries(st.sampled_from(["type", "side", "event", "media_s", "seq", "muted"]), _odd))
def test_any_json_is_a_report_or_refused_by_name(fields: dict[str, Any]) -> None:
    for said in (
        fields,
        {"type": "listen", "side": "left", "event": "tick", "media_s": 1, "seq": 1, "muted": False} | fields,
    ):
        try:
            report = parsed(json.dumps(said), "a", 0.0)
        except FrameInvalid:
            continue
        assert report.seq >= 0
