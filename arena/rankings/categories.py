"""Kinds of battles, and the mask that stores them. Pure; `sorting` says which battle is of which kind."""

from collections.abc import Iterable
from enum import Enum
from typing import Final


class Category(Enum):
    """A kind of battle; a battle may be of several or of none."""

    CODING = "coding"
    MATHS = "maths"
    CREATIVE_WRITING = "creative-writing"
    INSTRUCTION_FOLLOWING = "instruction-following"
    HARD = "hard"
    MULTI_TURN = "multi-turn"
    LONG = "long"
    INSTRUMENTAL = "instrumental"
    VOCAL = "vocal"
    ELECTRONIC = "electronic"
    HIP_HOP = "hip-hop"
    POP = "pop"
    ROCK = "rock"
    JAZZ = "jazz"
    SOUL = "soul"
    CLASSICAL = "classical"
    FOLK = "folk"
    LATIN = "latin"
    REGGAE = "reggae"
    AMBIENT = "ambient"

    @property
    def bit(self) -> int:
        """Its place in a stored mask. Places are never given to another category; new ones come last."""
        return 1 << _PLACES[self]


_PLACES: Final = {category: place for place, category in enumerate(Category)}


def mask_of(categories: Iterable[Category]) -> int:
    """The categories as one number to store."""
    return sum({category.bit for category in categories})


def in_mask(mask: int) -> tuple[Category, ...]:
    """The categories of a stored number, in their fixed order."""
    return tuple(category for category in Category if mask & category.bit)
