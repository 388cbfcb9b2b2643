"""The form of answers: what style control holds equal, counted once per voted battle.

Answers of text differ in length and formatting. Clips of music do not: both are cut to one length and brought to one
loudness before anybody hears them, so that there is nothing left to hold equal.
"""

from collections.abc import Sequence
from itertools import islice
from typing import Any, Final, TypeAlias

import numpy as np
from django.db.models import Exists, OuterRef, Subquery
from numpy.typing import NDArray

from arena.arenas.models import Arena, Modality
from arena.battles.models import Response
from arena.battles.states import SIDES, ResponseStatus
from arena.rankings import markdown_style
from arena.rankings.folding import counted_votes
from arena.rankings.models import BattleForm

#: (N, 2, K): of N votes, left and right, the amounts of `markdown_style.NAMES`.
Forms: TypeAlias = NDArray[np.float64]

#: Two answers of some kilobytes each are held at once for each.
_BATCH: Final = 100


def form_columns() -> dict[str, Subquery]:
    """What to read beside a vote for `forms_of`."""
    form = BattleForm.objects.filter(battle=OuterRef("battle"))
    return {f"form_{side}": Subquery(form.values(side)) for side in SIDES}


def forms_of(rows: Sequence[tuple[Any, ...]]) -> Forms:
    """From the columns of `form_columns`; what was not counted has no form."""
    none = [0] * len(markdown_style.NAMES)
    return np.array([[side or none for side in row] for row in rows], dtype=np.float64).reshape(-1, 2, len(none))


def count_forms(arena: Arena, up_to: int, most: int) -> None:
    """Count the answers of the newest voted battles not counted yet, as they stood when the vote was cast."""
    if arena.modality != Modality.TEXT:
        return
    known = BattleForm.objects.filter(battle=OuterRef("battle"))
    answers = Response.objects.filter(
        turn__battle=OuterRef("battle"), turn__n=OuterRef("turn_n"), status=ResponseStatus.COMPLETE.value
    )
    texts = {f"text_{side}": Subquery(answers.filter(side=side).values("content")[:1]) for side in SIDES}
    new = counted_votes(arena, up_to).filter(~Exists(known)).annotate(**texts).order_by("-id")
    rows = new.values_list("battle_id", *texts)[:most].iterator(chunk_size=_BATCH)
    while batch := list(islice(rows, _BATCH)):
        BattleForm.objects.bulk_create(
            [
                BattleForm(battle_id=battle, **{side: _amounts(text) for side, text in zip(SIDES, told, strict=True)})
                for battle, *told in batch
            ],
            ignore_conflicts=True,
        )


def _amounts(text: str | None) -> list[int]:
    return list(markdown_style.covariates(text or "").amounts())
