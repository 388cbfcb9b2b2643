"""What voted battles were about, found once per battle and stored with the version of the rules."""

from functools import lru_cache
from itertools import islice
from typing import Any, Final

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q

from arena.arenas.models import Arena
from arena.battles.models import Turn
from arena.rankings.categories import mask_of
from arena.rankings.languages import language_of
from arena.rankings.models import BattleTraits
from arena.rankings.sorting import SORTING
from arena.votes.models import Vote

#: Prompts in memory at once.
_BATCH: Final = 2_000


def describe(arena: Arena, after: int, up_to: int, *, anew: bool = False) -> None:
    """Store the traits of every battle with a vote in after < id ≤ up_to that has none yet.

    anew: also where they were found by other rules, unless the prompts have been erased since.
    """
    version = SORTING[arena.modality].version
    known = BattleTraits.objects.filter(battle=OuterRef("battle"))
    turns = Turn.objects.filter(battle=OuterRef("battle"), n__lte=OuterRef("turn_n"))
    missing = ~Q(Exists(known))
    if anew:
        missing |= Q(Exists(known.exclude(rules=version)), Exists(turns.exclude(prompt="")))
    votes = Vote.objects.filter(missing, id__gt=after, id__lte=up_to, battle__arena=arena)
    prompts = ArraySubquery(turns.order_by("n").values("prompt"))
    rows = votes.annotate(prompts=prompts).values_list("battle_id", "prompts", "battle__requirement")
    found = rows.iterator(chunk_size=_BATCH)
    while batch := list(islice(found, _BATCH)):
        BattleTraits.objects.bulk_create(
            [
                BattleTraits(battle_id=battle_id, rules=version, **_found(arena.modality, tuple(told), needs))
                for battle_id, told, needs in batch
            ],
            update_conflicts=True,
            unique_fields=["battle"],
            update_fields=["language", "categories", "rules"],
        )


def _found(modality: str, prompts: tuple[str, ...], requirement: dict[str, Any]) -> dict[str, Any]:
    return {
        "language": _language(prompts),
        "categories": mask_of(SORTING[modality].find(prompts, requirement)),
    }


# Suggested prompts come again and again, so the newest results are kept.
@lru_cache(maxsize=1_000)
def _language(prompts: tuple[str, ...]) -> str:
    return language_of("\n\n".join(prompts))
