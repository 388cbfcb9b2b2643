"""The measures of a large release, and its invented texts."""

import random
from collections.abc import Iterator
from typing import Final

#: One battle in so many has texts to publish: 200,000 conversations for a million votes.
EVERY: Final = 5
SYSTEMS: Final = 20
VOTERS: Final = 5_000
ANSWER_WORDS: Final = 120


def texts(number: int, words: int, seed: int) -> Iterator[str]:
    """Texts of invented words."""
    rng = random.Random(seed)
    syllables = ["ka", "lo", "mi", "ren", "tas", "vu", "den", "sol", "ti", "mar", "ne", "qui"]
    vocabulary = ["".join(rng.choices(syllables, k=rng.randint(1, 3))) for _ in range(2000)]
    return (" ".join(rng.choices(vocabulary, k=words)) for _ in range(number))
