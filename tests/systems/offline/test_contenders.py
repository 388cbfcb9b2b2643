"""The contenders of the demo: different, deterministic, on the prompt, and within bounds."""

from functools import cache

import pytest

from arena.systems.backends.base import Event, Finished, GenerationRequest, Limits, Message
from arena.systems.backends.local import LocalBackend
from arena.systems.offline import CONTENDERS, gemma
from tests.systems.conftest import asking, text_of

TEXT = [entry for entry, contender in CONTENDERS.items() if contender.gives == "text"]
QUICK = [entry for entry in TEXT if "gemma" not in entry]
LONG = "Why? " * 1600


# A core that others use reads and writes a few tokens a second.
PATIENT = Limits(total_s=120, max_output_tokens=12)
SEA = asking("Do you like the sea?", limits=PATIENT)


@pytest.fixture(params=TEXT)
def contender(request: pytest.FixtureRequest) -> LocalBackend:
    return installed(request.param)


@pytest.fixture(params=QUICK)
def quick(request: pytest.FixtureRequest) -> LocalBackend:
    return installed(request.param)


def installed(entry: str) -> LocalBackend:
    backend = LocalBackend(entry)
    if not backend.supports(asking().messages):
        pytest.skip(f"{entry}: its packages come with the demo extra")
    return backend


def said(backend: LocalBackend, request: GenerationRequest) -> str:
    return text_of(list(backend.iterate(request)))


@cache
def of_the_sea(entry: str) -> list[Event]:
    """What it says to one question, asked once for all who only look at it."""
    return list(LocalBackend(entry).iterate(SEA))


def test_the_same_seed_says_the_same_in_small_pieces(contender: LocalBackend) -> None:
    events = of_the_sea(contender.entry)
    assert isinstance(events[-1], Finished)
    assert 2 < len(events) <= PATIENT.max_output_tokens + 1
    assert max(len(event.text) for event in events[:-1]) < 60
    assert list(contender.iterate(SEA)) == events


def test_the_seed_changes_what_is_said(quick: LocalBackend) -> None:
    assert len({said(quick, asking("Tell me a joke about a dog.", seed=seed)) for seed in range(6)}) > 1


def test_the_prompt_changes_what_is_said(quick: LocalBackend) -> None:
    prompts = ("Why is the sky blue?", "I need a new job.", "Who was Napoleon?", "Write a poem about snow.")
    assert len({said(quick, asking(prompt)) for prompt in prompts}) == len(prompts)


def test_a_follow_up_hears_what_was_said_before(quick: LocalBackend) -> None:
    texts = {
        said(quick, asking(before, "And what else?", seed=seed))
        for before in ("I love football.", "My brother is ill.")
        for seed in range(3)
    }
    assert len(texts) > 1


def test_it_stops_at_the_token_cap(quick: LocalBackend) -> None:
    request = asking("Tell me about history.", limits=Limits(max_output_tokens=3))
    events = list(quick.iterate(request))
    assert events[-1].reason == "length"
    assert len(text_of(events).split()) <= 3


def test_it_says_how_long_prompt_and_answer_are(quick: LocalBackend) -> None:
    events = list(quick.iterate(asking("Tell me about history.")))
    assert events[-1].input_tokens == 5  # Tell, me, about, histo, ry.
    assert len(text_of(events)) / 6 <= events[-1].output_tokens <= len(text_of(events))


@pytest.mark.parametrize("prompt", ["?", "日本語で答えて。", "\U0001f600", "<b>&amp;", LONG, "{0} {} %s", "\\"])
def test_any_prompt_is_answered(quick: LocalBackend, prompt: str) -> None:
    assert said(quick, asking(prompt)).strip()


def test_a_long_conversation_in_any_script_is_answered(contender: LocalBackend) -> None:
    if contender.entry.endswith("gemma:answer"):
        pytest.skip("cut to size by the same code as the other way of asking; its examples are counted below")
    # The model reads as one token what it knows as one, such as spaces in a row: many bytes in little time.
    filler = f"\U0001f600 日本 word{100 * ' '}" * 40
    messages = [Message(role, f"{role} {n}: {filler}") for n in range(20) for role in ("user", "assistant")]
    # A prompt that is too long by itself, too.
    request = GenerationRequest((*messages, Message("user", 8 * filler)), Limits(total_s=120, max_output_tokens=4))
    assert said(contender, request).strip()


def test_examples_conversation_and_answer_fit_into_what_the_model_reads() -> None:
    before = tuple(Message(role, "\U0001f600 日本 word") for _n in range(40) for role in ("user", "assistant"))
    for last in ("Why?", LONG):
        asked = gemma.after_examples((*before, Message("user", last)))
        # A token has at least one byte.
        assert gemma.CONVERSATION_BYTES < len(asked.encode()) <= gemma.CONTEXT_TOKENS - gemma.MAX_TOKENS


def test_they_do_not_sound_alike() -> None:
    entries = [entry for entry in TEXT if LocalBackend(entry).supports(SEA.messages)]
    assert len({text_of(of_the_sea(entry)) for entry in entries}) == len(entries) >= 1
