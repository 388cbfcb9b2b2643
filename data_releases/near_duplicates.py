"""Prompts that are nearly the same, so that a split does not put them on two sides. Pure.

MinHash: of every prompt's words and word pairs, the smallest values under `BANDS * ROWS` hash functions; prompts that
agree on all rows of a band are in one group, and groups that share a prompt are one. Two prompts with a share J of
their tokens in common (Jaccard) meet with probability 1 - (1 - J^ROWS)^BANDS: 0.99 at J = 0.9, 0.84 at 0.8, 0.09 at
0.5. Prompts made from one template end in one group if there are many of them, and that is wanted.

Source of the method: Broder 1997, doi:10.1109/SEQUEN.1997.666900.
"""

import hashlib
from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import scipy
from numpy.typing import NDArray

from arena.policies.embedding import codes_of

BANDS: Final = 6
ROWS: Final = 6
SKETCH_BYTES: Final = 8 * BANDS
#: Grows when the same prompt would give another sketch.
REVISION: Final = 1
#: For manifests.
RULE: Final = f"MinHash of words and word pairs, {BANDS} bands of {ROWS}"
#: Prompts whose tokens are in memory at the same time.
_BATCH: Final = 20_000

Groups: TypeAlias = NDArray[np.int64]
_Keys: TypeAlias = NDArray[np.uint64]


def _constants(kind: str, number: int) -> _Keys:
    """Odd 64-bit numbers that are the same in every version of every library."""
    digests = (hashlib.sha256(f"{kind} {n}".encode()).digest()[:8] for n in range(number))
    return np.array([int.from_bytes(digest, "big") | 1 for digest in digests], np.uint64)


_FACTORS: Final = _constants("factor", BANDS * ROWS)
_OFFSETS: Final = _constants("offset", BANDS * ROWS)
_MIXERS: Final = _constants("mixer", ROWS)


def groups_of(prompts: Sequence[str]) -> Groups:
    """(n,) the number of each prompt's group, from 0; without words it is that of equal prompts, and an erased one is
    alone.
    """
    return groups_of_sketches(pa.array(sketches_of(prompts), pa.binary()))


def sketches_of(prompts: Sequence[str]) -> list[bytes]:
    """What stands for each prompt: the keys of its bands; without words the digest of the text; erased: nothing."""
    found: list[bytes] = []
    for start in range(0, len(prompts), _BATCH):
        part = list(prompts[start : start + _BATCH])
        keys, has_words = _bands(part)
        by_row = iter(keys.astype("<u8").tobytes()[n : n + SKETCH_BYTES] for n in range(0, keys.nbytes, SKETCH_BYTES))
        found += [next(by_row) if words else _alone(text) for text, words in zip(part, has_words, strict=True)]
    return found


def _alone(prompt: str) -> bytes:
    return hashlib.sha256(prompt.encode()).digest() if prompt else b""


def groups_of_sketches(sketches: pa.Array) -> Groups:
    """The same from sketches (binary)."""
    encoded = pc.dictionary_encode(sketches)
    distinct, which = encoded.dictionary.to_pylist(), encoded.indices.to_numpy()
    rows = np.array([n for n, sketch in enumerate(distinct) if len(sketch) == SKETCH_BYTES], np.intp)
    keys = np.frombuffer(b"".join(distinct[n] for n in rows), "<u8").reshape(-1, BANDS)
    groups: Groups = _joined(keys, rows, len(distinct))[which]
    # Two erased prompts have nothing in common.
    erased = np.flatnonzero(np.array([not sketch for sketch in distinct], bool)[which])
    groups[erased] = len(distinct) + np.arange(len(erased))
    return groups


def _bands(prompts: list[str]) -> tuple[_Keys, NDArray[np.bool_]]:
    """(with words, BANDS) keys of the prompts that have words, and (n,) which do."""
    codes, lengths = codes_of(prompts)
    has_words = lengths > 0
    starts = np.concatenate([[0], np.cumsum(lengths[has_words])[:-1]]).astype(np.intp)
    keys = np.zeros((int(has_words.sum()), BANDS), np.uint64)
    if not len(keys):
        return keys, has_words
    tokens = codes.astype(np.uint64)
    for number, (factor, offset) in enumerate(zip(_FACTORS, _OFFSETS, strict=True)):
        # Multiplication wraps around on purpose; the high half is the well mixed one.
        smallest = np.minimum.reduceat((tokens * factor + offset) >> np.uint64(32), starts)
        keys[:, number // ROWS] = keys[:, number // ROWS] * _MIXERS[number % ROWS] + smallest
    return keys, has_words


def _joined(keys: _Keys, rows: NDArray[np.intp], n: int) -> Groups:
    """Components of n prompts; prompts `rows` that share a key of a band are connected."""
    ends: list[NDArray[np.int64]] = []
    for band in range(BANDS):
        _distinct, first, which = np.unique(keys[:, band], return_index=True, return_inverse=True)
        ends.append(rows[first][which])
    targets = np.concatenate(ends) if ends else np.zeros(0, np.int64)
    graph = scipy.sparse.csr_matrix((np.ones(len(targets), np.int8), (np.tile(rows, BANDS), targets)), shape=(n, n))
    _number, groups = scipy.sparse.csgraph.connected_components(graph, directed=False)
    return np.asarray(groups, np.int64)
