"""The text of a local system reaches its conductor whole, whatever Redis or the computing process does."""

import asyncio
import json
import threading

import pytest

from arena.battles import relay
from arena.common import live, queue
from arena.systems.backends.base import (
    Finished,
    GenerationRequest,
    Limits,
    Message,
    Misconfigured,
    ReasoningDelta,
    Restarted,
    TextDelta,
    TimedOut,
)

LIMITS = Limits(first_byte_s=3.0, idle_s=3.0, total_s=20.0)
REQUEST = GenerationRequest((Message("user", "hi"),), LIMITS)
#: Of both ends, which write and read so often in these tests.
FRAME_S = 0.02
PATIENT = GenerationRequest((Message("user", "hi"),), Limits(first_byte_s=60.0, idle_s=60.0, total_s=120.0))


@pytest.fixture(autouse=True)
def _often(monkeypatch):
    monkeypatch.setattr(relay, "FRAME_S", FRAME_S)


@pytest.fixture
async def redis(valkey):
    connection = live.async_client()
    yield connection
    await connection.aclose()


def _slowly(events, pause_s, gate=None):
    for event in events:
        yield event
        (gate or threading.Event()).wait(pause_s)


async def _until(holds):
    for _ in range(1000):
        if holds():
            return
        await asyncio.sleep(0.02)
    pytest.fail("it did not happen")


async def _written(valkey, word):
    """Wait until a run has written this word."""
    await _until(lambda: any(word in entry[b"e"] for _id, entry in valkey.xrange("local:5")))


def _produce(valkey, events):
    producer = relay.Producer(valkey, 5)
    thread = threading.Thread(target=producer.run, args=(events,))
    thread.start()
    return thread


async def _read(redis, request=REQUEST):
    text, events = "", []
    async for event in relay.RelayedBackend(redis, 5).stream(request):
        events.append(event)
        match event:
            case TextDelta(new):
                text += new
            case Restarted():
                text = ""
    return text, events


async def test_text_reasoning_and_the_end_arrive(redis, valkey):
    parts = [TextDelta(f"part{n} ") for n in range(30)]
    thread = _produce(valkey, _slowly([ReasoningDelta("hm"), *parts, Finished("stop", 1, 2)], FRAME_S / 4))
    text, events = await _read(redis)
    thread.join()
    assert text == "".join(part.text for part in parts)
    assert ReasoningDelta("hm") in events
    assert events[-1] == Finished("stop", 1, 2)


async def test_reading_rings_the_bell_of_the_cpu_workers(redis, valkey):
    thread = _produce(valkey, [TextDelta("x"), Finished("stop")])
    await _read(redis)
    thread.join()
    assert valkey.llen("cpu") == 1
    message = json.loads(valkey.lindex("cpu", 0))
    assert message["headers"]["task"] == queue.GENERATE_LOCAL
    # Its process is killed if it is stuck: the pool has few, and one that hangs would hold the queue for ever.
    assert message["headers"]["timelimit"] == [LIMITS.total_s + relay.STUCK_AFTER_S, None]


async def test_a_flush_in_mid_text_and_at_the_very_end_loses_nothing(redis, valkey):
    parts = [TextDelta(f"part{n} ") for n in range(60)]
    thread = _produce(valkey, _slowly([*parts, Finished("stop")], FRAME_S / 4))
    reading = asyncio.create_task(_read(redis))
    for _ in range(4):
        await asyncio.sleep(4 * FRAME_S)
        await redis.flushdb()
    text, _events = await reading
    thread.join()
    assert text == "".join(part.text for part in parts)


async def test_a_second_run_begins_again_and_never_mixes_with_the_first(redis, valkey):
    gate, closing = threading.Event(), threading.Event()
    first = _produce(valkey, _slowly([TextDelta("FIRST "), TextDelta("FIRST "), Finished("stop")], 20, gate))
    reading = asyncio.create_task(_read(redis))
    await _written(valkey, b"FIRST")
    second = _produce(valkey, _slowly([TextDelta("second "), TextDelta("second "), Finished("stop")], 20, closing))
    await _written(valkey, b"second")
    gate.set()
    await asyncio.sleep(0.1)  # both go on
    closing.set()
    text, events = await reading
    first.join()
    second.join()
    assert text == "second second "
    assert Restarted() in events


async def test_a_bell_that_was_lost_rings_again_and_one_that_waits_or_is_heard_does_not(redis, valkey, monkeypatch):
    monkeypatch.setattr(relay, "RING_AGAIN_S", 0.12)
    monkeypatch.setattr(relay, "RETRY_S", 0.04)
    reading = asyncio.create_task(_read(redis, PATIENT))
    await _until(lambda: valkey.llen("cpu") == 1)
    await asyncio.sleep(0.3)
    assert valkey.llen("cpu") == 1
    await redis.flushdb()
    await _until(lambda: valkey.llen("cpu") == 1)
    # A worker takes the message and computes without a word for a while.
    gate = threading.Event()
    thread = _produce(valkey, _slowly([ReasoningDelta("hm"), TextDelta("x"), Finished("stop")], 20, gate))
    await _until(lambda: valkey.exists("local-alive:5"))
    valkey.delete("cpu")
    await asyncio.sleep(0.3)
    assert valkey.llen("cpu") == 0
    gate.set()
    assert (await reading)[0] == "x"
    thread.join()


async def test_a_broker_that_is_away_is_silence_and_no_defect(redis, valkey, monkeypatch):
    answers = [False, False, True]
    monkeypatch.setattr(relay, "RETRY_S", 0.04)
    monkeypatch.setattr(queue, "ring", lambda *_args, **_options: answers.pop(0))
    reading = asyncio.create_task(_read(redis))
    await _until(lambda: not answers)
    thread = _produce(valkey, [TextDelta("x"), Finished("stop")])
    assert (await reading)[0] == "x"
    thread.join()


async def test_an_error_of_the_system_arrives_by_name(redis, valkey):
    thread = threading.Thread(target=relay.Producer(valkey, 5).fail, args=("Misconfigured",))
    thread.start()
    with pytest.raises(Misconfigured):
        await _read(redis)
    thread.join()


async def test_a_worker_that_never_answers_times_out(redis, valkey):
    limits = Limits(first_byte_s=0.3, idle_s=20.0, total_s=20.0)
    with pytest.raises(TimedOut) as caught:
        await _read(redis, GenerationRequest((Message("user", "hi"),), limits))
    assert caught.value.phase == "first_byte"


async def test_a_reader_that_leaves_ends_the_computation(redis, valkey):
    endless = (TextDelta("x ") for _ in iter(int, 1))
    thread = _produce(valkey, _slowly(endless, 0.01))
    stream = relay.RelayedBackend(redis, 5).stream(REQUEST)
    async for _event in stream:
        break
    await stream.aclose()
    await asyncio.to_thread(thread.join, 15)
    assert not thread.is_alive()
