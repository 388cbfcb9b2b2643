"""Names that lead nowhere, times that fit many, attributes that many share. Pure.

Pseudonyms are HMAC-SHA256 of an identity under the release's salt of 32 random bytes, cut to 64 bits. The draft holds
the salt until publication and destroys it then: nobody can invert a pseudonym by trying identities, and nobody can
link two releases. Inside one release a voter's rows share a pseudonym, and the data card says so.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from data_releases.columns import one_array

Strings: TypeAlias = pa.ChunkedArray | pa.Array
_Codes: TypeAlias = NDArray[np.int64]

SALT_BYTES: Final = 32
#: Of SHA-256.
_BLOCK_BYTES: Final = 64
#: 64 bits: two of a million ids collide with a probability of 3 in 100 million, and the build would stop.
PSEUDONYM_CHARS: Final = 16
#: A combination of published attributes that fewer voters share is merged into `OTHER`.
MIN_VOTERS: Final = 20
OTHER: Final = "other"
#: Values that say nothing about anybody, however few share them: not looked at, none needed.
NEUTRAL: Final = frozenset({OTHER, "und", "0", "{}"})


def new_salt() -> bytes:
    """A salt for one release."""
    return secrets.token_bytes(SALT_BYTES)


class Pseudonyms:
    """Identities to pseudonyms, by kind: a voter and a battle of the same number have nothing in common."""

    def __init__(self, salt: bytes) -> None:
        if len(salt) != SALT_BYTES:
            raise ValueError(f"a salt has {SALT_BYTES} bytes")
        # RFC 2104 with the two keyed states made once: a release has a million of these, and `hmac` keys each anew.
        key = salt.ljust(_BLOCK_BYTES, b"\0")
        #: The two keyed blocks, for those who compute pseudonyms elsewhere.
        self.inner_block, self.outer_block = (bytes(byte ^ pad for byte in key) for pad in (0x36, 0x5C))
        self._inner, self._outer = hashlib.sha256(self.inner_block), hashlib.sha256(self.outer_block)

    def of(self, kind: str, identity: str) -> str:
        """One pseudonym, in hexadecimal."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(f"{kind}:{identity}".encode())
        outer.update(inner.digest())
        return outer.hexdigest()[:PSEUDONYM_CHARS]

    def column(self, kind: str, identities: Strings) -> pa.Array:
        """A column of identities (strings) as pseudonyms; each distinct one is computed once."""
        encoded = pc.dictionary_encode(one_array(identities))
        return self.keys(kind, encoded.dictionary).take(encoded.indices)

    def keys(self, kind: str, identities: Strings) -> pa.Array:
        """The same where no identity comes twice, as the keys of a table."""
        begun, outer = self._inner.copy(), self._outer
        begun.update(f"{kind}:".encode())

        def of(identity: str) -> str:
            # As `of`, with less around it: a release has millions.
            inner, whole = begun.copy(), outer.copy()
            inner.update(identity.encode())
            whole.update(inner.digest())
            return whole.hexdigest()[:PSEUDONYM_CHARS]

        return pa.array(map(of, identities.to_pylist()), pa.string(), size=len(identities))

    def uniform(self, name: str) -> float:
        """A number in [0, 1) that belongs to a name."""
        return int(self.of("draw", name), 16) / 16**PSEUDONYM_CHARS


@dataclass(frozen=True, slots=True)
class Merged:
    """Attributes after merging. merged_rows: how many rows lost a value; smallest: voters of the rarest value left."""

    columns: list[pa.Array]
    merged_rows: int
    smallest: int | None


def merge_rare(columns: Sequence[Strings], voters: Strings, at_least: int = MIN_VOTERS) -> Merged:
    """Replace attributes whose combination fewer than `at_least` voters share by `OTHER`.

    The last column gives way first, then the one before it, so that a rare category costs less than a language. A
    combination of `NEUTRAL` values stays: it says nothing.

    Args:
        columns: attributes of the rows, the most worth keeping first; all as long as `voters`.
        voters: who stands behind each row.
        at_least: how many voters a combination needs.
    """
    who = _coded(voters)[1]
    words, codes = zip(*(_coded(column) for column in columns), strict=True)
    neutral = [np.array([word in NEUTRAL for word in known], bool) for known in words]
    changed = np.zeros(len(who), bool)
    for position in range(len(columns) - 1, -1, -1):
        combination, sizes = _voters_of(codes, who)
        gives_way = (sizes < at_least)[combination] & ~neutral[position][codes[position]]
        codes[position][gives_way] = words[position].index(OTHER)
        changed |= gives_way
    combination, sizes = _voters_of(codes, who)
    says_nothing = np.logical_and.reduce([none[code] for none, code in zip(neutral, codes, strict=True)])
    kept = sizes[np.unique(combination[~says_nothing])]
    merged = [pa.array(known, pa.string()).take(pa.array(code)) for known, code in zip(words, codes, strict=True)]
    return Merged(merged, int(changed.sum()), int(kept.min()) if len(kept) else None)


def _coded(column: Strings) -> tuple[list[str], _Codes]:
    """The distinct values, `OTHER` among them, and for each row the number of its value."""
    encoded = pc.dictionary_encode(one_array(column))
    known = encoded.dictionary.to_pylist()
    return [*known, *([] if OTHER in known else [OTHER])], encoded.indices.to_numpy().astype(np.int64)


def _voters_of(codes: Sequence[_Codes], who: _Codes) -> tuple[_Codes, _Codes]:
    """For each row the number of its combination, and for each combination how many voters share it."""
    combination = np.zeros(len(who), np.int64)
    for code in codes:
        # Numbered anew after each column, so that the product stays small.
        numbered = combination * (int(code.max(initial=0)) + 1) + code
        combination = np.unique(numbered, return_inverse=True)[1]
    pairs = np.unique(combination * (int(who.max(initial=0)) + 1) + who)
    return combination, np.bincount(pairs // (int(who.max(initial=0)) + 1))
