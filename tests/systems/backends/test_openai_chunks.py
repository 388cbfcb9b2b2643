"""What servers send, read strictly: any JSON is a chunk or a named error, never a defect."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.systems.backends.base import (
    BackendError,
    BadResponse,
    Misconfigured,
    RateLimited,
    ServerFailed,
    Unsupported,
)
from arena.systems.backends.openai_chunks import Chunk, error_of_status, error_text, read_chunk

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=8)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=10,
)


def shaped(**fields: st.SearchStrategy) -> st.SearchStrategy:
    """Objects that have some of these keys, with likely or with any values."""
    return JSON | st.fixed_dictionaries({}, optional={name: value | JSON for name, value in fields.items()})


PARTS = st.lists(shaped(type=st.sampled_from(["text", "thinking"]), text=st.text(), thinking=st.text()), max_size=2)
DELTAS = shaped(content=st.text() | PARTS, reasoning=st.text(), reasoning_content=st.text(), refusal=st.text())
REASONS = st.sampled_from(["stop", "length", "error", "odd"])
CHOICES = st.lists(shaped(index=st.integers(0, 1), delta=DELTAS, message=DELTAS, finish_reason=REASONS), max_size=2)
ERRORS = shaped(code=st.integers(0, 999) | st.sampled_from(["429", "x"]), message=st.text(), type=st.text())
USAGE = shaped(prompt_tokens=st.integers(), completion_tokens=st.integers())
CHUNKS = shaped(choices=CHOICES, usage=USAGE, error=ERRORS, object=st.sampled_from(["error", "chunk"]))


@given(CHUNKS)
def test_any_json_is_a_chunk_or_a_named_error(document: object) -> None:
    try:
        chunk = read_chunk(json.dumps(document))
    except BackendError:
        return
    assert isinstance(chunk, Chunk)
    assert isinstance(chunk.text, str)
    assert isinstance(chunk.reasoning, str)
    for count in (chunk.input_tokens, chunk.output_tokens):
        assert count is None or 0 <= count < 2**31


@given(st.text())
def test_any_text_is_a_chunk_or_a_named_error(data: str) -> None:
    with suppress(BackendError):
        assert isinstance(read_chunk(data), Chunk)


@given(JSON)
def test_any_error_has_a_short_text(error: object) -> None:
    assert len(error_text(error)) <= 300


@pytest.mark.parametrize(
    ("document", "error"),
    [
        ({"error": "model not found"}, ServerFailed),
        ({"error": {"message": "x", "code": 429}}, RateLimited),
        ({"error": {"message": "x", "code": "429"}}, RateLimited),
        ({"error": {"message": "x", "code": "insufficient_quota"}}, ServerFailed),
        ({"object": "error", "message": "x", "code": 404}, Misconfigured),
        ({"choices": [{"error": {"code": 502}, "delta": {}}]}, ServerFailed),
        ({"choices": [{"finish_reason": "error", "delta": {}}]}, ServerFailed),
        ({"choices": {}}, BadResponse),
    ],
)
def test_an_error_inside_a_200_has_its_kind(document: dict, error: type[Exception]) -> None:
    with pytest.raises(error):
        read_chunk(json.dumps(document))


def test_only_the_first_choice_counts() -> None:
    choices = [{"index": 1, "delta": {"content": "b"}}, {"index": 0, "delta": {"content": "a"}}]
    assert read_chunk(json.dumps({"choices": choices})).text == "a"


def test_a_refusal_is_an_answer() -> None:
    assert read_chunk(json.dumps({"choices": [{"delta": {"refusal": "I cannot."}}]})).text == "I cannot."


@pytest.mark.parametrize(
    ("status", "message", "error"),
    [
        (429, "", RateLimited),
        (429, "billing hard limit", Misconfigured),
        (413, "request (6001 tokens) exceeds the available context size", Unsupported),
        (400, "temperature must be below 2", Misconfigured),
        (301, "", BadResponse),
        (599, "", ServerFailed),
    ],
)
def test_a_status_has_its_kind(status: int, message: str, error: type[Exception]) -> None:
    assert type(error_of_status(status, message)) is error
