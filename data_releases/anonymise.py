"""Names that lead nowhere, times that fit many, attributes that many share. Pure.

Pseudonyms are HMAC-SHA256 of an identity under the release's salt of 32 random bytes, cut to 64 bits. The draft holds
the salt until publication and destroys it then: nobody can invert a pseudonym by trying identities, and nobody can
link two releases. Inside one release a voter's rows share a pseudonym, and the data card says so.
"""

import hashlib
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

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

    def column(self, kind: str, identities: pa.ChunkedArray | pa.Array) -> pa.Array:
        """A column of identities (strings) as pseudonyms; each distinct one is computed once."""
        return each_distinct(identities, lambda identity: self.of(kind, identity), pa.string())

    def uniform(self, name: str) -> float:
        """A number in [0, 1) that belongs to a name."""
        return int(self.of("draw", name), 16) / 16**PSEUDONYM_CHARS


def each_distinct(column: pa.ChunkedArray | pa.Array, change: Callable[[Any], Any], kind: pa.DataType) -> pa.Array:
    """`change` applied once to every distinct value of a column, in its order; gives values of `kind`."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    encoded = pc.dictionary_encode(array)
    return pa.array([change(value) for value in encoded.dictionary.to_pylist()], kind).take(encoded.indices)


@dataclass(frozen=True, slots=True)
class Merged:
    """Attributes after merging. merged_rows: how many rows lost a value; smallest: voters of the rarest value left."""

    columns: list[pa.Array]
    merged_rows: int
    smallest: int | None


def merge_rare(columns: Sequence[Iterable[str]], voters: Iterable[str], at_least: int = MIN_VOTERS) -> Merged:
    """Replace attributes whose combination fewer than `at_least` voters share by `OTHER`.

    The last column gives way first, then the one before it, so that a rare category costs less than a language. A
    combination of `NEUTRAL` values stays: it says nothing.

    Args:
        columns: attributes of the rows, the most worth keeping first; all as long as `voters`.
        voters: who stands behind each row.
        at_least: how many voters a combination needs.
    """
    rows = [list(values) for values in zip(*columns, strict=True)]
    who = list(voters)
    changed: set[int] = set()
    for position in range(len(columns) - 1, -1, -1):
        rare = _rare(rows, who, at_least)
        for number, row in enumerate(rows):
            if tuple(row) in rare and row[position] not in NEUTRAL:
                row[position] = OTHER
                changed.add(number)
    sizes = _voters_of(rows, who)
    kept = [len(of) for values, of in sizes.items() if not NEUTRAL.issuperset(values)]
    merged = [pa.array([row[position] for row in rows], pa.string()) for position in range(len(columns))]
    return Merged(merged, len(changed), min(kept, default=None))


def _voters_of(rows: list[list[str]], who: list[str]) -> dict[tuple[str, ...], set[str]]:
    found: dict[tuple[str, ...], set[str]] = {}
    for row, voter in zip(rows, who, strict=True):
        found.setdefault(tuple(row), set()).add(voter)
    return found


def _rare(rows: list[list[str]], who: list[str], at_least: int) -> set[tuple[str, ...]]:
    return {values for values, voters in _voters_of(rows, who).items() if len(voters) < at_least}
