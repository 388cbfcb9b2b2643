"""What every backend promises, whatever it calls."""

import asyncio
import json
import random
import time
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from arena.systems.backends import local
from arena.systems.backends.base import (
    Backend,
    Event,
    Finished,
    Limits,
    NothingSaid,
    TextDelta,
    TimedOut,
    TooLarge,
)
from arena.systems.backends.local import LocalBackend
from arena.systems.backends.openai_http import OpenAIBackend
from arena.systems.backends.replay import ReplayBackend
from tests.support.fake_openai import FakeOpenAI, tokens
from tests.systems.conftest import PROMPT, asking, events_of, text_of

ANSWER = "The sky **scatters** blue light.\n\n| a | b |\n|---|---|\n| naïve | 日本語 😀 |\n" * 4
SLOW_S = 0.05

Says = Callable[..., Backend]


@pytest.fixture(params=["openai_http", "replay", "local"])
def says(request: pytest.FixtureRequest, fake: FakeOpenAI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Says:
    """A maker of backends that say this, with so many seconds between two tokens."""

    def openai_http(text: str, pause_s: float = 0.0) -> Backend:
        fake.answer, fake.pause_s = (lambda _asked: text), pause_s
        return OpenAIBackend(fake.base_url, "any", policy=fake.policy)

    def replay(text: str, pause_s: float = 0.0) -> Backend:
        path = tmp_path / "outputs.json"
        path.write_text(json.dumps({PROMPT: text}), "utf-8")
        return ReplayBackend(path, tokens_per_second=1 / (pause_s or 1e-6), ttft_s=0.0)

    def in_process(text: str, pause_s: float = 0.0) -> Backend:
        def reply(asked):
            pieces = list(tokens(text))
            for piece in pieces[: asked.limits.max_output_tokens]:
                time.sleep(pause_s)
                yield piece
            return "length" if len(pieces) > asked.limits.max_output_tokens else "stop"

        monkeypatch.setattr(local, "load", lambda _entry: reply)
        return LocalBackend("arena.systems.offline.eliza:reply")

    return {"openai_http": openai_http, "replay": replay, "local": in_process}[request.param]


async def test_the_answer_comes_in_pieces_and_ends_once(says: Says) -> None:
    events = await events_of(says(ANSWER, 0.002))
    assert text_of(events) == ANSWER
    assert len(events) > 3
    assert all(isinstance(event, TextDelta) for event in events[:-1])
    assert events[-1].reason == "stop"


async def test_the_same_seed_gives_the_same_text(says: Says) -> None:
    backend = says(ANSWER)
    first, second = [text_of(await events_of(backend, asking(seed=11))) for _n in range(2)]
    assert first == second


async def test_text_can_be_stored(says: Says) -> None:
    text = text_of(await events_of(says("a\0b \ud800 c \U0001f600")))
    assert text == "ab \ufffd c \U0001f600"
    text.encode("utf-8")


async def test_an_answer_without_text_is_an_error(says: Says) -> None:
    with pytest.raises(NothingSaid):
        await events_of(says(" \n\n"))


async def test_a_long_answer_is_cut_at_the_token_cap(says: Says) -> None:
    words = "word " * 3000
    events = await events_of(says(words), asking(limits=Limits(max_output_tokens=50)))
    assert isinstance(events[-1], Finished)
    assert events[-1].reason == "length"
    assert words.startswith(text_of(events))
    assert len(text_of(events)) < 2000


async def test_a_huge_answer_is_refused_at_the_byte_cap(says: Says) -> None:
    with pytest.raises(TooLarge):
        await events_of(says("x" * 15_000), asking(limits=Limits(max_bytes=5_000, max_output_tokens=10**6)))


async def test_an_answer_that_takes_too_long_is_given_up(says: Says) -> None:
    asked, heard = asking(limits=Limits(total_s=0.3)), list[Event]()

    async def hear() -> None:
        async for event in says("word " * 200, SLOW_S).stream(asked):
            heard.append(event)

    started = time.monotonic()
    with pytest.raises(TimedOut) as caught:
        await hear()
    assert caught.value.phase == "total"
    # What is said within a second; the whole of it takes ten.
    assert len(text_of(heard).split()) < 1 / SLOW_S
    assert time.monotonic() - started < 3.0


async def test_closing_ends_the_call_at_once(says: Says) -> None:
    async with aclosing(says("word " * 500, SLOW_S).stream(asking())) as events:
        async for _event in events:
            break
        started = time.monotonic()
    # To the end of the answer it is 25 s.
    assert time.monotonic() - started < 3.0


async def test_many_calls_at_once_do_not_mix(says: Says) -> None:
    backend = says(ANSWER, 0.001)
    rng = random.Random(3)

    async def one(seed: int) -> str:
        await asyncio.sleep(rng.random() / 20)
        return text_of(await events_of(backend, asking(seed=seed)))

    assert set(await asyncio.gather(*(one(seed) for seed in range(12)))) == {ANSWER}


async def test_a_cancelled_call_leaves_nothing_behind(says: Says) -> None:
    before = asyncio.all_tasks()
    call = asyncio.create_task(events_of(says("word " * 500, SLOW_S)))
    await asyncio.sleep(0.15)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


async def test_nobody_answers_nothing(says: Says) -> None:
    backend = says(ANSWER)
    assert not backend.supports(())
    assert backend.supports(asking().messages)
