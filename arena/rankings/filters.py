"""Which part of an arena's votes a board is about: all of them, or those of a language and of categories. Pure.

FilterError
└── NoSuchFilter    a language that is no code, a category that does not exist, or too many of them
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from arena.rankings.categories import Category, in_mask, mask_of
from arena.rankings.languages import LANGUAGES

#: The board of all votes.
OVERALL: Final = "all"
#: Categories that one filter may join.
MOST_CATEGORIES: Final = 3


class FilterError(ValueError):
    """Votes cannot be chosen like this. `field` is the filter that is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class NoSuchFilter(FilterError):
    """Not a filter that exists."""


@dataclass(frozen=True, slots=True)
class BoardFilter:
    """Votes in `language` (None: in any) on prompts that are in all of `categories`."""

    language: str | None = None
    categories: frozenset[Category] = frozenset()

    @property
    def name(self) -> str:
        """The stored name of the board: "all", "language:fr", "category:coding", or several of them with spaces."""
        parts = [f"language:{self.language}"] if self.language else []
        parts += [f"category:{category.value}" for category in Category if category in self.categories]
        return " ".join(parts) or OVERALL

    @property
    def mask(self) -> int:
        """The categories as stored."""
        return mask_of(self.categories)

    @property
    def is_named(self) -> bool:
        """Whether tallies and snapshots are kept for this board; others are summed when somebody asks."""
        return len(self.categories) + (self.language is not None) < 2


#: All votes.
EVERYTHING: Final = BoardFilter()


def filter_of(language: str | None, categories: Iterable[str]) -> BoardFilter:
    """A filter from what somebody typed.

    Raises:
        NoSuchFilter: see there.
    """
    wanted = list(dict.fromkeys(categories))
    if language is not None and language not in LANGUAGES:
        raise NoSuchFilter(
            "language", f"{language[:40]!r} is no language that is told apart here; a code is, for example, fr"
        )
    known = {category.value: category for category in Category}
    if unknown := [name for name in wanted if name not in known]:
        raise no_such_category(unknown[0], known)
    if len(wanted) > MOST_CATEGORIES:
        raise NoSuchFilter("category", f"at most {MOST_CATEGORIES} categories go together")
    return BoardFilter(language, frozenset(known[name] for name in wanted))


def no_such_category(name: str, known: Iterable[str]) -> NoSuchFilter:
    """The refusal that says what there is instead."""
    return NoSuchFilter("category", f"there is no category {name[:40]!r}; there are: {', '.join(known)}")


def from_name(board: str) -> BoardFilter:
    """The filter of a stored name.

    Raises:
        NoSuchFilter: no board has this name.
    """
    parts = [] if board == OVERALL else [part.partition(":") for part in board.split(" ")]
    languages = [value for kind, _colon, value in parts if kind == "language"]
    categories = [value for kind, _colon, value in parts if kind == "category"]
    # A name was a filter when it was stored; whether somebody may still ask for its language is another question.
    return replace(filter_of(None, categories), language=next(iter(languages), None))


def boards_of(language: str, mask: int) -> list[str]:
    """The named boards on which a vote counts."""
    kinds = (BoardFilter(categories=frozenset({category})) for category in in_mask(mask))
    return [one.name for one in (EVERYTHING, BoardFilter(language), *kinds)]
