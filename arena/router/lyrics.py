"""Words for a battle in which nobody gave any: by the writer of the demo, offline and seeded.

A verse of templates is no poetry, but both sides sing the same, and no prompt can talk it into anything.
"""

import random

from arena.systems.offline.music import verses


def write(prompt: str, language: str, seed: int) -> str:
    """Lyrics about a word of the prompt; the same for the same battle."""
    return verses.write(prompt, language, random.Random(seed))
