"""What a release needs to know about a text besides the text: found out when it arrives, kept, looked up. Pure."""

import hashlib
from collections.abc import Sequence
from typing import Final

import numpy as np

from arena.policies import embedding
from data_releases import near_duplicates, pii

#: Another one means that the same text would be read otherwise.
RULES: Final = f"{pii.RULES_VERSION}/{near_duplicates.REVISION}/{embedding.REVISION}"
#: Of a text in which nothing was found.
CLEAN: Final = ""
#: Of a text on which the filter failed.
UNREADABLE: Final = "unreadable"


def digest_of(text: str) -> bytes:
    """What names a text."""
    return hashlib.sha256(text.encode()).digest()


def verdict_of(text: str) -> str:
    """The kinds of personal data in a text, by one space each; `CLEAN` or `UNREADABLE`."""
    try:
        return " ".join(pii.findings(text))
    except pii.Unreadable:
        return UNREADABLE


def counts_of(prompts: Sequence[str]) -> list[bytes]:
    """The counts behind the vectors of prompts, see `embedding.counted`."""
    return [row.tobytes() for row in embedding.counted(prompts).astype("<i2")]


def vectors_of(counts: bytes) -> embedding.Vectors:
    """(n, 256) the vectors from counts, one behind the other."""
    return embedding.normalised(np.frombuffer(counts, "<i2").reshape(-1, embedding.DIMENSIONS))
