"""What many coroutines write at about the same time shares a round trip, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import redis.asyncio
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as Away
from redis.exceptions import ResponseError

from arena.common import live
from arena.common.pipelines import Pipelines


@pytest.fixture
async def connection(valkey: Any) -> AsyncIterator["redis.asyncio.Redis"]:
    client = live.async_client()
    yield client
    await client.aclose()


async def test_everybody_gets_the_answers_to_their_own_commands(connection: "redis.asyncio.Redis") -> None:
    pipelines = Pipelines(connection)
    sent = [pipelines.send(("SET", f"k{n}", str(n)), ("GET", f"k{n}")) for n in range(50)]
    answers = await asyncio.gather(*sent)
    assert [answer[1] for answer in answers] == [str(n).encode() for n in range(50)]


async def test_a_hundred_writers_share_one_round_trip(
    connection: "redis.asyncio.Redis", valkey: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipelines = Pipelines(connection)
    await pipelines.send(("PING",))
    # Counted where they leave: the server's own count is of all test processes together.
    written, write = [], AbstractConnection.send_packed_command

    async def counted(to: AbstractConnection, packed: Any, **options: Any) -> None:
        written.append(packed)
        await write(to, packed, **options)

    monkeypatch.setattr(AbstractConnection, "send_packed_command", counted)
    await asyncio.gather(*(pipelines.send(("INCR", "n")) for _ in range(100)))
    assert len(written) == 1
    assert valkey.get("n") == b"100"


async def test_a_command_that_fails_fails_its_sender_alone(connection: "redis.asyncio.Redis") -> None:
    pipelines = Pipelines(connection)
    await connection.set("text", "no number")
    good, bad = await asyncio.gather(
        pipelines.send(("INCR", "number")), pipelines.send(("INCR", "text")), return_exceptions=True
    )
    assert good == [1]
    assert isinstance(bad, ResponseError)


async def test_a_redis_that_is_away_fails_everybody_and_the_next_ones_find_it_again() -> None:
    # From an address, as the site makes its clients: such a client does not try again for seconds.
    gone = redis.asyncio.Redis.from_url("redis://127.0.0.1:1", socket_connect_timeout=0.2)
    pipelines = Pipelines(gone)
    for _ in range(2):
        failures = await asyncio.gather(*(pipelines.send(("PING",)) for _ in range(3)), return_exceptions=True)
        assert all(isinstance(failure, Away) for failure in failures)


async def test_a_cancelled_sender_leaves_the_others_alone(connection: "redis.asyncio.Redis") -> None:
    pipelines = Pipelines(connection)
    first, second = (asyncio.create_task(pipelines.send(("INCR", "n"))) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == [2]


async def test_what_cannot_be_sent_at_all_leaves_nobody_waiting(connection: "redis.asyncio.Redis") -> None:
    pipelines = Pipelines(connection)
    half_a_pair = "\ud800"
    sent = asyncio.gather(pipelines.send(("SET", "a", half_a_pair)), pipelines.send(("PING",)), return_exceptions=True)
    assert all(isinstance(failure, UnicodeEncodeError) for failure in await asyncio.wait_for(sent, 5))
    assert await pipelines.send(("PING",)) == [True]
