"""One server that every test may ask, and helpers to read a backend to its end."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from arena.systems.backends.base import Backend, Event, GenerationRequest, Limits, Message, TextDelta
from arena.systems.backends.openai_http import OpenAIBackend
from arena.systems.backends.transport import close_clients
from tests.support.fake_openai import FakeOpenAI

PROMPT = "Why is the sky blue?"
#: What the server says to it in every dialect.
SAID = f"You said: {PROMPT}\n\n- naïve café\n- 日本語 😀\n"
# A busy machine takes its time to connect and to begin; who never does has limits of its own.
QUICK = Limits(connect_s=5.0, first_byte_s=5.0, idle_s=0.5, total_s=5.0)


def asking(*said: str, limits: Limits = QUICK, seed: int = 7) -> GenerationRequest:
    """A request whose user turns are these; answers stand between them."""
    messages = []
    for turn in said or (PROMPT,):
        messages += [Message("user", turn), Message("assistant", "I see.")]
    return GenerationRequest(tuple(messages[:-1]), limits, seed=seed)


def server(fake: FakeOpenAI, behaviour: str = "openai", **options: Any) -> OpenAIBackend:
    """A backend that asks this server; its model is how the server shall behave."""
    return OpenAIBackend(fake.base_url, behaviour, policy=fake.policy, **options)


async def events_of(backend: Backend, request: GenerationRequest | None = None) -> list[Event]:
    return [event async for event in backend.stream(request or asking())]


def text_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


@pytest.fixture(scope="session")
def shared_fake() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as fake:
        yield fake


@pytest.fixture
async def fake(shared_fake: FakeOpenAI) -> AsyncIterator[FakeOpenAI]:
    """The server, with a clean memory."""
    before = (shared_fake.answer, shared_fake.pause_s)
    shared_fake.asked.clear()
    shared_fake.seen.clear()
    yield shared_fake
    shared_fake.answer, shared_fake.pause_s = before
    await close_clients()
