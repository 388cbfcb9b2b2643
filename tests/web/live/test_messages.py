"""What is said over the WebSocket of a battle, through the site's own ASGI application."""

import json

import pytest
from channels.db import database_sync_to_async

from arena.battles.models import Battle
from arena.battles.moves import set_state
from arena.battles.states import BattleState
from arena.common import live
from arena.common.pipelines import Pipelines
from tests.api.callers import Program
from tests.web.sockets import battle_socket, headers_of, opened, redis_connection, until_state


async def test_a_complete_battle_is_told_as_snapshots_and_its_state(alice: Program, ready: Battle) -> None:
    async with battle_socket(ready.id, headers_of(alice)) as socket:
        await opened(socket)
        messages = await until_state(socket)

    assert [message["type"] for message in messages] == ["snapshot", "snapshot", "state"]
    assert {key: messages[0][key] for key in ("turn", "left", "right")} == {
        "turn": 1,
        "left": "Answer 1 left",
        "right": "Answer 1 right",
    }
    assert (messages[-1]["state"], messages[-1]["reason"]) == ("ready", None)
    assert all(isinstance(message["id"], str) for message in messages)


async def test_frames_are_appended_as_they_come_and_then_the_state(alice: Program, running: Battle) -> None:
    async with redis_connection() as connection:
        writer = live.TurnWriter(Pipelines(connection), running.id, 2)
        async with battle_socket(running.id, headers_of(alice)) as socket:
            await opened(socket)
            assert (await until_state(socket))[-1]["state"] == "generating"

            await writer.begin()
            await writer.frame({"left": "Hel", "right": "Good"})
            await writer.frame({"left": "lo", "right": " day"})
            text = {"left": "", "right": ""}
            while text != {"left": "Hello", "right": "Good day"}:
                message = json.loads(await socket.hear())
                assert message["turn"] == 2
                keep = message["type"] == "frame"
                text = {side: (before if keep else "") + message[side] for side, before in text.items()}

            assert await database_sync_to_async(set_state)(running.id, BattleState.READY)
            assert (await until_state(socket))[-1] | {"id": ""} == {
                "id": "",
                "type": "state",
                "state": "ready",
                "reason": None,
            }


async def test_a_client_that_comes_back_gets_what_it_missed_and_no_more(alice: Program, running: Battle) -> None:
    async with redis_connection() as connection:
        writer = live.TurnWriter(Pipelines(connection), running.id, 2)
        await writer.begin()
        await writer.frame({"left": "a", "right": "b"})
        seen = (await live.read_all(connection, running.id))[-1].id
        await writer.frame({"left": "c", "right": "d"})

        async with battle_socket(running.id, headers_of(alice), after=seen) as socket:
            await opened(socket)
            messages = await until_state(socket)

        assert [(message["type"], message.get("left"), message.get("right")) for message in messages] == [
            ("frame", "c", "d"),
            ("state", None, None),
        ]


@pytest.mark.parametrize("after", ["never-seen", "0", "1-1", "%00"])
async def test_an_unknown_event_gives_the_whole_text_as_snapshots(alice: Program, running: Battle, after: str) -> None:
    async with redis_connection() as connection:
        writer = live.TurnWriter(Pipelines(connection), running.id, 2)
        await writer.begin()
        await writer.frame({"left": "Hello", "right": "Good day"})

        async with battle_socket(running.id, headers_of(alice), after=after) as socket:
            await opened(socket)
            messages = await until_state(socket)

        assert [(message["type"], message.get("turn"), message.get("left")) for message in messages] == [
            ("snapshot", 1, "Answer 1 left"),
            ("snapshot", 2, "Hello"),
            ("state", None, None),
        ]


async def test_nothing_on_the_socket_names_a_system(alice: Program, ready: Battle) -> None:
    async with battle_socket(ready.id, headers_of(alice)) as socket:
        await opened(socket)
        assert "Canary" not in json.dumps(await until_state(socket))
