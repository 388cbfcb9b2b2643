"""How long and how fast simulated systems answer. Pure.

Lengths and times are log-normal, as those of language models are, roughly: each system has its own median length and
speed, fixed by the seed and its name, and every answer differs from it.
"""

import math
import random
from dataclasses import dataclass
from typing import Final

#: Medians over systems.
TOKENS: Final = 250.0
TOKENS_PER_SECOND: Final = 60.0
TTFT_S: Final = 0.4
MOST_TOKENS: Final = 4_000
#: Standard deviations of logarithms: between systems, and between answers of one.
_BETWEEN: Final = 0.4
_WITHIN: Final = 0.5
_CHARS_PER_TOKEN: Final = 4


@dataclass(frozen=True, slots=True)
class Spoken:
    """What an answer used and how long it took. Times in seconds from the call."""

    input_tokens: int
    output_tokens: int
    ttft_s: float
    latency_s: float


@dataclass(frozen=True, slots=True)
class Speaker:
    """One system: the medians of its answers."""

    tokens: float
    tokens_per_second: float
    ttft_s: float

    def answer(self, prompt: str, rng: random.Random) -> Spoken:
        """One answer to a prompt."""
        tokens = min(max(round(_scattered(self.tokens, _WITHIN, rng)), 1), MOST_TOKENS)
        ttft_s = _scattered(self.ttft_s, _WITHIN, rng)
        return Spoken(
            input_tokens=math.ceil(len(prompt) / _CHARS_PER_TOKEN),
            output_tokens=tokens,
            ttft_s=round(ttft_s, 3),
            latency_s=round(ttft_s + tokens / self.tokens_per_second, 3),
        )


def speaker_of(name: str, seed: int) -> Speaker:
    """The system of that name."""
    rng = random.Random(f"speech {seed} {name}")
    return Speaker(*(_scattered(median, _BETWEEN, rng) for median in (TOKENS, TOKENS_PER_SECOND, TTFT_S)))


def _scattered(median: float, spread: float, rng: random.Random) -> float:
    return median * math.exp(rng.gauss(0.0, spread))
