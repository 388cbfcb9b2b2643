"""The protocol between the arena and whatever generates an output. Framework-free.

BackendError
├── RetryableError              another attempt may succeed
│   ├── ConnectFailed           refused, reset, unresolvable, TLS
│   ├── TimedOut                `phase`: connect, first_byte, idle, total
│   ├── RateLimited             429; `retry_after_s`
│   ├── ServerFailed            5xx, or an error event inside the stream
│   └── Truncated               the stream ended without saying that it was complete
└── PermanentError              the same call will fail again
    ├── Misconfigured           no key, unknown model, 401, 403, 404, bad options
    ├── AddressForbidden        the address is private and not on the allow-list
    ├── BadResponse             HTML, garbage, a wrong content type or shape
    ├── TooLarge                over the byte cap
    ├── NothingSaid             complete, but without any text
    └── Unsupported             the prompt is none that this system can answer
"""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Literal, Protocol, TypeAlias


class BackendError(Exception):
    """A generation failed.

    The message is for the operator who asks (a test prompt), never for a visitor and never for a log: a backend's
    own words may repeat the prompt. `status`: the HTTP status that it answered with, where there was one. `said`: the
    text, reasoning included, that had come before; whoever called puts it here.
    """

    never_asked: ClassVar[bool] = False
    status: int | None = None
    said: str = ""

    @property
    def may_cost(self) -> bool:
        """Whether the system may have begun to work on the prompt: then its maker asks money, also for no answer."""
        return bool(self.said) or not (self.never_asked or self.status)

    @property
    def summary(self) -> str:
        """Class and status: what a log may say."""
        return type(self).__name__ if self.status is None else f"{type(self).__name__} {self.status}"


class RetryableError(BackendError):
    """Another attempt may succeed."""


class ConnectFailed(RetryableError):
    """No connection to the backend."""

    never_asked = True


class TimedOut(RetryableError):
    """The backend was silent for too long in one phase."""

    def __init__(self, phase: Literal["connect", "first_byte", "idle", "total"]) -> None:
        super().__init__(f"timed out: {phase}")
        self.phase = phase

    @property
    def may_cost(self) -> bool:
        """A prompt that was sent may have been read, however silent the backend was after that."""
        return self.phase != "connect"

    @property
    def summary(self) -> str:
        """Class and phase."""
        return f"TimedOut {self.phase}"


class RateLimited(RetryableError):
    """The backend asks to come back later."""

    never_asked = True

    def __init__(self, retry_after_s: float | None = None) -> None:
        super().__init__("rate limited")
        self.retry_after_s = retry_after_s


class ServerFailed(RetryableError):
    """The backend reported a failure of its own."""


class Truncated(RetryableError):
    """The stream ended without a finish."""


class PermanentError(BackendError):
    """The same call will fail again."""


class Misconfigured(PermanentError):
    """The operator must change something."""

    never_asked = True


class AddressForbidden(PermanentError):
    """The backend's address is private and not on the allow-list."""

    never_asked = True


class BadResponse(PermanentError):
    """What came back is no completion."""


class TooLarge(PermanentError):
    """More bytes than the cap."""


class NothingSaid(PermanentError):
    """The output was complete and empty."""


class Unsupported(PermanentError):
    """This system cannot answer this prompt."""

    never_asked = True


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how much one generation may take.

    `first_byte_s` runs from the sent request to the first byte of the body, `idle_s` between any two bytes,
    `total_s` over everything. Over `max_output_tokens` the answer is cut (`Finished("length")`); over a byte cap it
    fails with `TooLarge`.
    """

    connect_s: float = 5.0
    first_byte_s: float = 30.0
    idle_s: float = 20.0
    total_s: float = 180.0
    # UTF-8 bytes of text and reasoning together, or the bytes of a clip.
    max_bytes: int = 2_000_000
    # Bytes of the response's body: one token costs some 300 bytes of JSON around it.
    max_wire_bytes: int = 16_000_000
    max_output_tokens: int = 2048


#: A clip may take minutes, and comes whole: silence before its first byte is no sign of trouble.
AUDIO_LIMITS: Final = Limits(
    first_byte_s=240.0, idle_s=30.0, total_s=300.0, max_bytes=64_000_000, max_wire_bytes=96_000_000
)


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """What to generate. `messages` ends with the user's prompt; `key` names this generation (for `local` only).

    `requirement` is what the prompt needs, as the modality's rules checked it (see `arena.router.signature`).
    `request_id` is for the logs of both sides; empty: none.
    """

    messages: tuple[Message, ...]
    limits: Limits = field(default_factory=Limits)
    parameters: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    key: str = ""
    request_id: str = ""
    requirement: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TextDelta:
    """Further text of the answer: valid Unicode without NUL and without lone surrogates."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """Further text that the system thought to itself; kept apart, never shown before the vote."""

    text: str


@dataclass(frozen=True, slots=True)
class AudioClip:
    """One whole clip, as the system made it: nothing about it was checked yet but its size.

    `media_type` is what the system says ("" where it says nothing), `lyrics` the words that it says were sung.
    """

    data: bytes
    media_type: str
    lyrics: str = ""


@dataclass(frozen=True, slots=True)
class Restarted:
    """The source began again from nothing (its process was killed): forget the text so far."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The answer is complete; the last event.

    Token counts are the backend's own, counts of `text.pieces` where it has no tokenizer, or None where a server
    does not tell.
    """

    reason: Literal["stop", "length", "filtered", "other"]
    input_tokens: int | None = None
    output_tokens: int | None = None


Event: TypeAlias = TextDelta | ReasoningDelta | AudioClip | Restarted | Finished


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a kind of backend can do."""

    streams: bool = True
    multi_turn: bool = True
    reports_usage: bool = False
    # True: CPU work; it runs in a worker process of its own, never beside the streams.
    needs_own_process: bool = False
    # What an output is: deltas of text, or one `AudioClip`.
    gives: Literal["text", "audio"] = "text"


class Backend(Protocol):
    """One contender, ready to be called."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        ...

    def supports(self, messages: tuple[Message, ...]) -> bool:
        """Whether this system can answer these messages at all (a replay file may lack the prompt)."""
        ...

    def stream(self, request: GenerationRequest) -> AsyncGenerator[Event, None]:
        """Generate.

        Yields deltas, or exactly one `AudioClip`, and last one `Finished`. Raises a `BackendError`, nothing else.
        Closing the iterator ends the call to the backend at once.
        """
        ...
