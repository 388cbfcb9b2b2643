"""Vectors of prompts without a model: signed hashing of words and word pairs. Pure, and the same everywhere.

Counts are whole numbers and only their length is divided out, so that every machine gives the same bits. Two prompts
are near if they share words, not if they mean the same: for work of your own, encode the published prompts again.

Source of the method: Weinberger et al. 2009, doi:10.1145/1553374.1553516.
"""

import itertools
import re
import zlib
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

NAME: Final = "hashed-words-256"
#: Grows when the same text would give another vector.
REVISION: Final = 1
DIMENSIONS: Final = 256
_SIGN: Final = 0x8000_0000
_WORD: Final = re.compile(r"\w+")
#: Texts whose counts are in memory at the same time.
_BATCH: Final = 20_000

#: A number's count ends here: it fits 16 bits.
MOST: Final = 32_767

Counts: TypeAlias = NDArray[np.int16]
Vectors: TypeAlias = NDArray[np.float32]


def described() -> dict[str, Any]:
    """What a manifest says about the vectors."""
    return {
        "model": NAME,
        "revision": REVISION,
        "dimensions": DIMENSIONS,
        "pooling": "sum of signed hashes of words and word pairs",
        "normalised": True,
        "text": "the prompt as published",
    }


def tokens_of(text: str) -> list[str]:
    """Its words in small letters, then its pairs of neighbouring words."""
    words = _WORD.findall(text.lower())
    return [*words, *map(" ".join, itertools.pairwise(words))]


def codes_of(texts: Sequence[str]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """The tokens of all texts as numbers, and how many each text has: (tokens,) and (texts,)."""
    listed = [[zlib.crc32(token.encode()) for token in tokens_of(text)] for text in texts]
    lengths = np.fromiter(map(len, listed), np.int64, len(listed))
    return np.fromiter(itertools.chain.from_iterable(listed), np.uint32, int(lengths.sum())), lengths


def counted(texts: Sequence[str]) -> Counts:
    """(n, 256): how often the signed tokens of each text fall on each number."""
    rows = np.zeros((len(texts), DIMENSIONS), np.int16)
    for start in range(0, len(texts), _BATCH):
        part = texts[start : start + _BATCH]
        codes, lengths = codes_of(part)
        cells = np.repeat(np.arange(len(part)) * DIMENSIONS, lengths) + codes % DIMENSIONS
        signs = np.where(codes & _SIGN, 1.0, -1.0)
        counts = np.bincount(cells, signs, len(part) * DIMENSIONS).reshape(-1, DIMENSIONS)
        rows[start : start + len(part)] = np.clip(counts, -MOST, MOST)
    return rows


def normalised(counts: Counts) -> Vectors:
    """(n, 256) float32, each row of length 1, or 0 for a text without words."""
    rows = counts.astype(np.float32)
    lengths_of = np.linalg.norm(rows, axis=1, keepdims=True)
    np.divide(rows, lengths_of, out=rows, where=lengths_of > 0)
    return rows


def embedded(texts: Sequence[str]) -> Vectors:
    """The vectors of texts, see `normalised`."""
    return normalised(counted(texts))
