"""Which battle is of which kind: one entry for each modality. Pure.

A board that is to exist for a new kind of battle is a member of `Category`, an entry of `SORTING`, and its name in
`web.messages.CATEGORIES`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from arena.rankings.categories import Category
from arena.rankings.genres import FAMILIES, families_of
from arena.rankings.text_rules import by_prompts

#: From the prompts up to the voted turn and the battle's requirement.
Find: TypeAlias = Callable[[Sequence[str], Mapping[str, Any]], frozenset[Category]]


@dataclass(frozen=True, slots=True)
class Sorting:
    """How the battles of a modality are sorted.

    version: is stored with each result, and grows with every change that can change one. kinds: those that exist.
    """

    version: int
    kinds: tuple[Category, ...]
    find: Find


def _by_requirement(prompts: Sequence[str], requirement: Mapping[str, Any]) -> frozenset[Category]:  # noqa: ARG001
    """With or without singing, where the requirement says so, and the families of its genres."""
    kinds = {True: Category.VOCAL, False: Category.INSTRUMENTAL}
    voice = frozenset(kinds[vocals] for vocals in [requirement.get("vocals")] if vocals is not None)
    return voice | families_of(requirement.get("genres") or ())


#: By modality.
SORTING: Final[Mapping[str, Sorting]] = {
    "text": Sorting(
        version=1,
        kinds=(
            *(Category.CODING, Category.MATHS, Category.CREATIVE_WRITING, Category.INSTRUCTION_FOLLOWING),
            *(Category.HARD, Category.MULTI_TURN, Category.LONG),
        ),
        find=by_prompts,
    ),
    "music": Sorting(version=2, kinds=(Category.INSTRUMENTAL, Category.VOCAL, *FAMILIES), find=_by_requirement),
}
