"""Chat completions over HTTP, against a real server in every dialect and every bad mood."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import aclosing

import httpcore
import pytest

from arena.systems.backends.addresses import AddressPolicy
from arena.systems.backends.base import (
    AddressForbidden,
    BadResponse,
    ConnectFailed,
    Finished,
    GenerationRequest,
    Limits,
    Message,
    Misconfigured,
    NothingSaid,
    RateLimited,
    ReasoningDelta,
    ServerFailed,
    TimedOut,
    TooLarge,
    Truncated,
    Unsupported,
)
from arena.systems.backends.openai_http import OpenAIBackend
from tests.support.fake_openai import FakeOpenAI
from tests.systems.conftest import PROMPT, asking, events_of, text_of

SAID = f"You said: {PROMPT}\n\n- naïve café\n- 日本語 😀\n"


def server(fake: FakeOpenAI, behaviour: str = "openai", **options) -> OpenAIBackend:
    return OpenAIBackend(fake.base_url, behaviour, policy=fake.policy, **options)


# --- Dialects ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "dialect",
    [
        "openai",
        "vllm",
        "ollama",
        "llamacpp",
        "openrouter",
        "mistral",
        "think",
        "crlf",
        "spread",
        "whole",
        "no_done",
        "done_only",
        "lingering",
    ],
)
async def test_every_dialect_is_read_to_the_same_text(fake: FakeOpenAI, dialect: str) -> None:
    events = await events_of(server(fake, dialect), asking(limits=Limits(idle_s=0.3)))
    assert text_of(events) == SAID
    assert events[-1].reason == "stop"


@pytest.mark.parametrize("dialect", ["openai", "vllm", "ollama", "llamacpp", "openrouter", "mistral", "whole"])
async def test_usage_is_read_wherever_it_stands(fake: FakeOpenAI, dialect: str) -> None:
    end = (await events_of(server(fake, dialect)))[-1]
    assert end.input_tokens == 5
    assert end.output_tokens > 5


@pytest.mark.parametrize(
    ("dialect", "thought"),
    [
        ("vllm", "I think about it."),
        ("ollama", "Hm."),
        ("openrouter", "Let me see."),
        ("mistral", "Bon."),
        ("think", "\nSomebody says something.\n"),
    ],
)
async def test_reasoning_is_kept_apart(fake: FakeOpenAI, dialect: str, thought: str) -> None:
    events = await events_of(server(fake, dialect))
    assert "".join(event.text for event in events if isinstance(event, ReasoningDelta)) == thought
    assert text_of(events) == SAID


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("stop", "stop"),
        ("length", "length"),
        ("content_filter", "filtered"),
        ("tool_calls", "other"),
        ("STOP", "stop"),
    ],
)
async def test_finish_reasons_are_translated(fake: FakeOpenAI, said: str, meant: str) -> None:
    assert (await events_of(server(fake, f"finish:{said}")))[-1] == Finished(meant)


async def test_text_is_cleaned_across_chunks(fake: FakeOpenAI) -> None:
    assert text_of(await events_of(server(fake, "nul"))) == "ab\ufffdc\U0001f600d\ufffd"


async def test_usage_that_cannot_be_believed_is_left_out(fake: FakeOpenAI) -> None:
    assert (await events_of(server(fake, "usage_shape")))[-1] == Finished("stop", None, None)


# --- What is sent --------------------------------------------------------------------------------------------------


async def test_the_request_says_what_the_version_says(fake: FakeOpenAI) -> None:
    backend = server(
        fake, "m", api_key="secret", parameters={"temperature": 0.2, "model": "x"}, system_prompt="Be brief."
    )
    await events_of(backend, asking("One", "Two", limits=Limits(max_output_tokens=99)))
    sent = fake.asked[0]
    assert sent.body == {
        "model": "m",
        "temperature": 0.2,
        "max_tokens": 99,
        "stream": True,
        "stream_options": {"include_usage": True},
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "One"},
            {"role": "assistant", "content": "I see."},
            {"role": "user", "content": "Two"},
        ],
    }
    assert sent.headers["authorization"] == "Bearer secret"
    assert sent.headers["accept-encoding"] == "identity"
    assert sent.path == "/v1/chat/completions"


async def test_without_a_key_none_is_sent(fake: FakeOpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    await events_of(server(fake))
    assert "authorization" not in fake.asked[0].headers


@pytest.mark.parametrize("field", ["stream_options", "max_tokens"])
async def test_a_field_that_the_server_refuses_is_learnt(fake: FakeOpenAI, field: str) -> None:
    backend = server(fake, f"rejects:{field}")
    assert text_of(await events_of(backend)) == SAID
    assert text_of(await events_of(backend)) == SAID
    assert [field in asked.body for asked in fake.asked] == [True, False, False]


async def test_connections_are_used_again(fake: FakeOpenAI) -> None:
    backend = server(fake)
    for _n in range(3):
        await events_of(backend)
    connected = fake.connections
    for _n in range(3):
        await events_of(backend)
    assert fake.connections == connected


async def test_closing_hangs_up_on_the_server(fake: FakeOpenAI) -> None:
    before = fake.abandoned
    async with aclosing(server(fake, "endless").stream(asking())) as events:
        async for _event in events:
            break
    await _until(lambda: fake.abandoned > before)


# --- Failures ------------------------------------------------------------------------------------------------------


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
    assert time.monotonic() - started < 1.0


async def test_a_slow_reader_is_not_the_servers_fault(fake: FakeOpenAI) -> None:
    events = []
    async for event in server(fake).stream(asking(limits=Limits(idle_s=0.1))):
        await asyncio.sleep(0.02)
        events.append(event)
    assert text_of(events) == SAID


async def test_one_byte_at_a_time_is_still_an_answer(fake: FakeOpenAI) -> None:
    assert text_of(await events_of(server(fake, "drip:0.0005"), asking(limits=Limits(idle_s=0.2)))) == SAID


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


# --- Connecting ----------------------------------------------------------------------------------------------------


@pytest.fixture
async def full_port() -> AsyncIterator[int]:
    """A port whose queue is full: further connections are neither accepted nor refused."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _n in range(4)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
        for client in waiting:
            client.close()


async def test_a_port_that_does_not_answer_times_out(full_port: int, fake: FakeOpenAI) -> None:
    backend = OpenAIBackend(
        f"http://127.0.0.1:{full_port}/v1", "m", policy=AddressPolicy.of([f"127.0.0.1:{full_port}"])
    )
    with pytest.raises(TimedOut) as caught:
        await events_of(backend, asking(limits=Limits(connect_s=0.2)))
    assert caught.value.phase == "connect"


async def test_a_closed_port_is_a_failed_connection(fake: FakeOpenAI) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    backend = OpenAIBackend(f"http://localhost:{port}/v1", "m", policy=AddressPolicy.of([f"localhost:{port}"]))
    with pytest.raises(ConnectFailed):
        await events_of(backend)


async def test_a_private_address_is_refused_when_it_is_connected_to(fake: FakeOpenAI) -> None:
    backend = OpenAIBackend(f"https://localhost:{fake.port}/v1", "m")
    with pytest.raises(AddressForbidden):
        await events_of(backend)
    assert not fake.asked


async def test_a_name_that_changes_its_address_gains_nothing(
    fake: FakeOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([["8.8.8.8"], ["127.0.0.1"]])
    connected = []

    async def getaddrinfo(_loop, _host, port, **_options):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in next(answers)]

    async def connect_tcp(_self, host, *_options):
        connected.append(host)
        raise httpcore.ConnectError("not today")

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect_tcp)
    backend = OpenAIBackend("https://rebind.example/v1", "m")
    with pytest.raises(ConnectFailed):
        await events_of(backend)
    with pytest.raises(AddressForbidden):
        await events_of(backend)
    assert connected == ["8.8.8.8"]


async def test_one_private_address_among_public_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async def getaddrinfo(_loop, _host, port, **_options):
        return [(2, 1, 6, "", (address, port)) for address in ("8.8.8.8", "10.0.0.1")]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)
    with pytest.raises(AddressForbidden):
        await events_of(OpenAIBackend("https://mixed.example/v1", "m"))


def test_plain_http_needs_an_entry() -> None:
    with pytest.raises(AddressForbidden):
        OpenAIBackend("http://api.example.com/v1", "m")
    OpenAIBackend("http://api.example.com/v1", "m", policy=AddressPolicy.of(["api.example.com:80"]))


def test_the_conversation_must_end_with_the_user(fake: FakeOpenAI) -> None:
    backend = server(fake)
    assert backend.supports((Message("user", "Hi"),))
    assert not backend.supports((Message("user", "Hi"), Message("assistant", "Hello")))


async def test_200_streams_run_beside_each_other(fake: FakeOpenAI) -> None:
    backend = server(fake, "slow:0.02")
    async with asyncio.timeout(20):
        texts = await asyncio.gather(*(_one(backend, n) for n in range(200)))
    assert texts == [echo_of(n) for n in range(200)]


def echo_of(n: int) -> str:
    return SAID.replace(PROMPT, f"number {n}")


async def _one(backend: OpenAIBackend, n: int) -> str:
    request = GenerationRequest((Message("user", f"number {n}"),), Limits(total_s=20))
    return text_of(await events_of(backend, request))


async def _until(condition) -> None:
    async with asyncio.timeout(2):
        while not condition():  # noqa: ASYNC110 - the condition lives in another thread
            await asyncio.sleep(0.01)
