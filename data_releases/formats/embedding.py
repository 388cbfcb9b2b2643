"""Vectors of prompts without a model: signed hashing of words and word pairs. Pure.

A stand-in that is the same everywhere and needs no download: two prompts are near if they share words, not if they
mean the same. For work of your own, replace the file by vectors of a sentence encoder, row by row.

Source of the method: Weinberger et al. 2009, doi:10.1145/1553374.1553516.
"""

import itertools
import re
import zlib
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

NAME: Final = "hashed-words-256"
DIMENSIONS: Final = 256
_WORD: Final = re.compile(r"\w+")

Vectors: TypeAlias = NDArray[np.float32]


def embedded(texts: list[str]) -> Vectors:
    """(n, 256) float32, each row of length 1, or 0 for a text without words."""
    rows = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
    for row, text in zip(rows, texts, strict=True):
        words = _WORD.findall(text.lower())
        for token in (*words, *(" ".join(pair) for pair in itertools.pairwise(words))):
            code = zlib.crc32(token.encode())
            row[code % DIMENSIONS] += 1.0 if code & 0x8000_0000 else -1.0
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    np.divide(rows, lengths, out=rows, where=lengths > 0)
    return rows
