"""The vectors of a release: those of `arena.policies.embedding`, so that a router is trained as it is asked."""

from arena.policies.embedding import (
    DIMENSIONS,
    NAME,
    REVISION,
    Counts,
    Vectors,
    codes_of,
    counted,
    described,
    embedded,
    normalised,
    tokens_of,
)

__all__ = [
    "DIMENSIONS",
    "NAME",
    "REVISION",
    "Counts",
    "Vectors",
    "codes_of",
    "counted",
    "described",
    "embedded",
    "normalised",
    "tokens_of",
]
