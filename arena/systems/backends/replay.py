"""Pre-generated outputs, given at the pace of a live system. Framework-free."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import ClassVar, Final

from arena.systems.backends.base import (
    Capabilities,
    Event,
    Finished,
    GenerationRequest,
    Message,
    Misconfigured,
    NothingSaid,
    TextDelta,
    TimedOut,
    TooLarge,
    Unsupported,
)
from arena.systems.backends.replay_files import OutputsFile, open_outputs
from arena.systems.backends.text import clean, pieces, prompt_tokens

# Some four characters a token, as the tokenizers of current models have in English; the pieces join to the text.
# Tokens that fall due together travel together: 20 wake-ups a second are enough for frames at 10 Hz.
_TICK_S: Final = 0.05
_JITTER: Final = 0.4
DEFAULT_TOKENS_PER_S: Final = 60.0
DEFAULT_TTFT_S: Final = 0.3


class ReplayBackend:
    """One file of outputs as a contender.

    Args:
        path: the file (see `replay_files`).
        tokens_per_second: mean pace; every gap varies by a seeded factor.
        ttft_s: mean seconds until the first text.
        sha256: content that the system was registered with; another content is refused. None: any.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(reports_usage=True)

    def __init__(
        self,
        path: Path,
        tokens_per_second: float = DEFAULT_TOKENS_PER_S,
        ttft_s: float = DEFAULT_TTFT_S,
        sha256: str | None = None,
    ) -> None:
        self._path = path
        self._tokens_per_second = tokens_per_second
        self._ttft_s = ttft_s
        self._sha256 = sha256

    def supports(self, messages: tuple[Message, ...]) -> bool:
        """Whether the file has an output. Raises Misconfigured."""
        prompts = _user_prompts(messages)
        return bool(prompts) and self._outputs().has(prompts)

    def known_prompts(self) -> Iterator[str]:
        """First prompts that the file can answer, in its order. Raises Misconfigured."""
        return self._outputs().prompts()

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[Event, None]:
        """Give the stored output; see `Backend.stream`."""
        limits = request.limits
        output = await asyncio.to_thread(self._output_for, request.messages)
        if len(output.encode()) > limits.max_bytes:
            raise TooLarge(f"{self._path.name}: an output of more than {limits.max_bytes} bytes")
        tokens = pieces(output)
        started = time.monotonic()
        for piece, due_s in self._schedule(tokens[: limits.max_output_tokens], request.seed):
            if due_s > limits.total_s:
                await asyncio.sleep(started + limits.total_s - time.monotonic())
                raise TimedOut("total")
            await asyncio.sleep(max(0.0, started + due_s - time.monotonic()))
            yield TextDelta(piece)
        said = min(len(tokens), limits.max_output_tokens)
        yield Finished("length" if said < len(tokens) else "stop", prompt_tokens(request.messages), said)

    def _schedule(self, tokens: list[str], seed: int) -> Iterator[tuple[str, float]]:
        """Pieces of text, each with the seconds from the start at which it falls due."""
        rng = random.Random(f"{seed}:{self._path.name}")
        due_s = self._ttft_s * rng.uniform(1 - _JITTER, 1 + _JITTER)
        piece, given_s = "", -_TICK_S
        for token in tokens:
            piece += token
            if due_s - given_s >= _TICK_S:
                yield piece, due_s
                piece, given_s = "", due_s
            due_s += rng.uniform(1 - _JITTER, 1 + _JITTER) / self._tokens_per_second
        if piece:
            yield piece, due_s

    def _output_for(self, messages: tuple[Message, ...]) -> str:
        found = self._outputs().find(_user_prompts(messages)) if messages else None
        if found is None:
            raise Unsupported(f"{self._path.name} has no output for this prompt")
        output = clean(found)
        if not output.strip():
            raise NothingSaid(f"{self._path.name}: the output for this prompt is empty")
        return output

    def _outputs(self) -> OutputsFile:
        outputs = open_outputs(self._path)
        if self._sha256 not in (None, outputs.sha256):
            raise Misconfigured(f"{self._path} has changed since the system was registered; register it again")
        return outputs


def _user_prompts(messages: tuple[Message, ...]) -> tuple[str, ...]:
    return tuple(message.content for message in messages if message.role == "user")
