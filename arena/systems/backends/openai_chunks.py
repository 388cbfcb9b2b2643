"""What chat completion servers are sent and send, read strictly. Pure.

Dialects met: OpenAI, Azure, vLLM, SGLang, Ollama, llama.cpp, LM Studio, OpenRouter, Mistral, DeepSeek. They agree on
`choices[0].delta.content`; they differ on usage, reasoning, errors inside the stream and finish reasons.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from arena.systems.backends.base import (
    BackendError,
    BadResponse,
    ConnectFailed,
    Misconfigured,
    RateLimited,
    ServerFailed,
    Unsupported,
)

#: Set by us in every request; a registered parameter of this name would break the protocol.
RESERVED_PARAMETERS: Final = frozenset({"model", "messages", "stream", "stream_options", "n", "tools", "functions"})

Reason: TypeAlias = Literal["stop", "length", "filtered", "other"]

_REASONS: Final[dict[str, Reason]] = {
    "stop": "stop",
    "eos": "stop",
    "eos_token": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "content_filter": "filtered",
    "safety": "filtered",
    "refusal": "filtered",
}
# What an operator may see of a server's message.
_MESSAGE_CHARS: Final = 300
# A PostgreSQL integer.
_MAX_COUNT: Final = 2**31 - 1
_STATUS: Final = re.compile(r"[1-5][0-9]{2}", re.ASCII)
_TOO_LONG: Final = ("context_length_exceeded", "maximum context length", "context size", "too many tokens")
_NO_MONEY: Final = ("insufficient_quota", "billing", "credit")


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk's news."""

    text: str = ""
    reasoning: str = ""
    reason: Reason | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None


def read_chunk(data: str) -> Chunk:
    """Read one event of a stream, or a whole answer given at once.

    Raises:
        BackendError: the server reports an error (by its kind), or the shape is not that of a completion.
    """
    document = _object(_json(data), "a chunk")
    _raise_reported(document)
    choices = document.get("choices")
    if not isinstance(choices, list | None):
        raise BadResponse("`choices` is no list")
    input_tokens, output_tokens = _usage(document.get("usage"))
    for choice in (_object(choice, "a choice") for choice in choices or ()):
        if choice.get("index") in (0, None):
            return _read_choice(choice, input_tokens, output_tokens)
    return Chunk(input_tokens=input_tokens, output_tokens=output_tokens)


def _read_choice(choice: dict[str, Any], input_tokens: int | None, output_tokens: int | None) -> Chunk:
    _raise_reported(choice)
    given = choice.get("finish_reason")
    if given == "error":
        raise ServerFailed("the server ended the answer with an error")
    said = choice.get("delta")
    delta = _object(choice.get("message") if said is None else said, "a delta")
    text, thought = _content(delta.get("content"))
    refusal = _text(delta.get("refusal"), "refusal")
    reasoning = _text(delta.get("reasoning_content"), "reasoning_content") or _text(
        delta.get("reasoning"), "reasoning"
    )
    return Chunk(
        text=text + refusal,
        reasoning=thought + reasoning,
        reason=_REASONS.get(str(given).lower(), "other") if given else None,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
    )


def _content(value: Any) -> tuple[str, str]:
    """Text and thought of a `content`: a text, or a list of typed parts (Mistral)."""
    if not isinstance(value, list):
        return _text(value, "content"), ""
    text = thought = ""
    for part in value:
        part = _object(part, "a part of `content`")  # noqa: PLW2901 - the same, checked
        kind = part.get("type")
        if kind == "text":
            text += _text(part.get("text"), "text")
        elif kind == "thinking":
            thought += "".join(_content(part.get("thinking")))
    return text, thought


def _usage(value: Any) -> tuple[int | None, int | None]:
    if not isinstance(value, dict):
        return None, None
    return _count(value.get("prompt_tokens")), _count(value.get("completion_tokens"))


def _count(value: Any) -> int | None:
    counts = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_COUNT
    return value if counts else None


def _json(data: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadResponse(f"no JSON: {data[:60]!r}") from error


def _object(value: Any, what: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadResponse(f"{what} is no object")
    return value


def _text(value: Any, what: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadResponse(f"`{what}` is no text")
    return value


# --- Errors --------------------------------------------------------------------------------------------------------


def _raise_reported(document: dict[str, Any]) -> None:
    """An error inside a 200: `{"error": {…}}`, Ollama's `{"error": "…"}`, vLLM's `{"object": "error", …}`."""
    error = document if document.get("object") == "error" else document.get("error")
    if not error:
        return
    code = error.get("code") if isinstance(error, dict) else None
    status = str(code)
    raise error_of_status(int(status) if _STATUS.fullmatch(status) else 500, error_text(error))


def error_text(error: Any) -> str:
    """Code and message of an error object, short enough for a log line."""
    if isinstance(error, dict):
        inner = error.get("error", error)
        if isinstance(inner, dict):
            return " ".join(str(inner[key]) for key in ("code", "type", "message") if inner.get(key))[:_MESSAGE_CHARS]
        error = inner
    return str(error)[:_MESSAGE_CHARS]


def error_of_status(status: int, message: str, retry_after_s: float | None = None) -> BackendError:
    """The error for an HTTP status, or for a status named inside a stream. `message` is for operators."""
    error = _error_of_status(status, message, retry_after_s)
    error.status = status
    return error


def _error_of_status(status: int, message: str, retry_after_s: float | None) -> BackendError:
    words = message.lower()
    said = f"{status}: {message}" if message else str(status)
    if status == 429 and not any(word in words for word in _NO_MONEY):
        return RateLimited(retry_after_s)
    if status in (400, 413, 422) and any(word in words for word in _TOO_LONG):
        return Unsupported(said)
    if 300 <= status < 400:
        return BadResponse(f"{status}: redirects are not followed")
    if status in (408, 409, 425):
        return ConnectFailed(said)
    if 400 <= status < 500:
        return Misconfigured(said)
    return ServerFailed(said)
