"""Chat completions over HTTP, against a real server in every dialect."""

import asyncio
from contextlib import aclosing

import pytest

from arena.systems.backends.base import (
    Finished,
    GenerationRequest,
    Limits,
    Message,
    ReasoningDelta,
)
from arena.systems.backends.openai_http import OpenAIBackend
from tests.support.fake_openai import FakeOpenAI
from tests.systems.conftest import PROMPT, SAID, asking, events_of, server, text_of

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


def test_the_conversation_must_end_with_the_user(fake: FakeOpenAI) -> None:
    backend = server(fake)
    assert backend.supports((Message("user", "Hi"),))
    assert not backend.supports((Message("user", "Hi"), Message("assistant", "Hello")))


async def test_200_streams_run_beside_each_other(fake: FakeOpenAI) -> None:
    backend = server(fake, "slow:0.1")
    # One after the other they would take more than five minutes.
    async with asyncio.timeout(90):
        texts = await asyncio.gather(*(_one(backend, n) for n in range(200)))
    assert texts == [echo_of(n) for n in range(200)]


def echo_of(n: int) -> str:
    return SAID.replace(PROMPT, f"number {n}")


async def _one(backend: OpenAIBackend, n: int) -> str:
    request = GenerationRequest((Message("user", f"number {n}"),), Limits(total_s=90))
    return text_of(await events_of(backend, request))


async def _until(condition) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - the condition lives in another thread
            await asyncio.sleep(0.01)
