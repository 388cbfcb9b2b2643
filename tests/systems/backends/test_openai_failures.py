"""Chat completions from a server in every bad mood: each failure has its name, each phase its deadline."""

import asyncio
import time

import pytest

from arena.systems.backends.base import (
    BadResponse,
    ConnectFailed,
    Limits,
    Misconfigured,
    NothingSaid,
    RateLimited,
    ServerFailed,
    TimedOut,
    TooLarge,
    Truncated,
    Unsupported,
)
from tests.support.fake_openai import FakeOpenAI
from tests.systems.conftest import SAID, asking, events_of, server, text_of


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        ("status:400", Misconfigured),
        ("status:401", Misconfigured),
        ("status:402", Misconfigured),
        ("status:403", Misconfigured),
        ("status:404", Misconfigured),
        ("status:408", ConnectFailed),
        ("status:422", Misconfigured),
        ("status:500", ServerFailed),
        ("status:502", ServerFailed),
        ("status:503", ServerFailed),
        ("status:529", ServerFailed),
        ("limited", RateLimited),
        ("no_money", Misconfigured),
        ("too_long", Unsupported),
        ("html", BadResponse),
        ("html:502", ServerFailed),
        ("wrong_type", BadResponse),
        ("redirect", BadResponse),
        ("no_http", BadResponse),
        ("garbage", BadResponse),
        ("deep", BadResponse),
        ("compressed", BadResponse),
        ("shape:choices", BadResponse),
        ("shape:choice", BadResponse),
        ("shape:delta", BadResponse),
        ("shape:content", BadResponse),
        ("shape:part", BadResponse),
        ("shape:array", BadResponse),
        ("shape:number", BadResponse),
        ("error_event", ServerFailed),
        ("error_in_stream", ServerFailed),
        ("error_in_stream:429", RateLimited),
        ("truncated", Truncated),
        ("cut", Truncated),
        ("hangs_up", ConnectFailed),
        ("empty", NothingSaid),
        ("only_thinks", NothingSaid),
        ("huge_delta", TooLarge),
        ("rejects:model", Misconfigured),
    ],
)
async def test_a_failure_has_its_name(fake: FakeOpenAI, behaviour: str, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        await events_of(server(fake, behaviour))
    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("behaviour", "phase", "limits"),
    [
        ("silent", "first_byte", {"first_byte_s": 0.2}),
        ("silent_body", "first_byte", {"first_byte_s": 0.2}),
        ("stalls", "idle", {"idle_s": 0.2}),
        ("drip:0.05", "total", {"total_s": 0.4}),
        ("endless_comments", "total", {"total_s": 0.3}),
        ("slow:0.2", "total", {"total_s": 0.5}),
    ],
)
async def test_each_phase_has_its_own_timeout(fake: FakeOpenAI, behaviour: str, phase: str, limits: dict) -> None:
    started = time.monotonic()
    with pytest.raises(TimedOut) as caught:
        await events_of(server(fake, behaviour), asking(limits=Limits(**limits)))
    assert caught.value.phase == phase
    assert time.monotonic() - started < 5.0


async def test_a_slow_reader_is_not_the_servers_fault(fake: FakeOpenAI) -> None:
    events = []
    async for event in server(fake).stream(asking(limits=Limits(idle_s=0.1))):
        await asyncio.sleep(0.02)
        events.append(event)
    assert text_of(events) == SAID


async def test_one_byte_at_a_time_is_still_an_answer(fake: FakeOpenAI) -> None:
    assert text_of(await events_of(server(fake, "drip:0.0005"), asking(limits=Limits(idle_s=0.5)))) == SAID


async def test_an_endless_answer_ends_at_the_token_cap(fake: FakeOpenAI) -> None:
    events = await events_of(server(fake, "endless"), asking(limits=Limits(max_output_tokens=200)))
    assert events[-1].reason == "length"
    assert len(text_of(events)) < 2000


async def test_an_endless_line_ends_at_the_wire_cap(fake: FakeOpenAI) -> None:
    with pytest.raises(TooLarge):
        await events_of(server(fake, "huge_line"), asking(limits=Limits(max_wire_bytes=1_000_000)))


async def test_retry_after_is_read_as_seconds_and_as_a_date(fake: FakeOpenAI) -> None:
    for value, seconds in (("7", 7.0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0), ("soon", None), ("", None)):
        with pytest.raises(RateLimited) as caught:
            await events_of(server(fake, f"limited:{value}"))
        assert caught.value.retry_after_s == seconds


async def test_an_error_never_repeats_the_key(fake: FakeOpenAI) -> None:
    with pytest.raises(Misconfigured) as caught:
        await events_of(server(fake, "key_in_error", api_key="sk-canary"))
    assert "canary" not in str(caught.value)
    assert "Incorrect API key" in str(caught.value)


async def test_a_redirect_is_not_followed(fake: FakeOpenAI) -> None:
    with pytest.raises(BadResponse):
        await events_of(server(fake, f"redirect:{fake.base_url}/chat/completions"))
    assert len(fake.asked) == 1
