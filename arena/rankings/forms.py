"""The form of answers: what style control holds equal, counted once per voted battle.

Answers of text differ in length and formatting. Both clips of a battle of music are cut to one length and brought to
one loudness before anybody hears them; what is left are differences of the originals: how much music a system gave,
and how loud it made it, which goes with how dense and how dynamic the music is at any loudness.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, TypeAlias

import numpy as np
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.db.models.fields.json import KeyTransform
from numpy.typing import NDArray

from arena.arenas.models import Arena, Modality
from arena.battles.models import Response
from arena.battles.states import SIDES, ResponseStatus
from arena.media.models import Clip
from arena.rankings import markdown_style, style
from arena.rankings.folding import counted_votes
from arena.rankings.models import BattleForm
from arena.rankings.tallies import Matrix

#: (N, 2, K): of N votes, left and right, the amounts of a form.
Amounts: TypeAlias = NDArray[np.float64]
#: What is read of one side.
Told: TypeAlias = Sequence[Any]

#: Two answers of some kilobytes each are held at once for each.
_BATCH: Final = 100
#: Amounts are stored as whole numbers: milliseconds, and hundredths of a loudness unit.
_PER_UNIT: Final = 100


@dataclass(frozen=True, slots=True)
class Form:
    """What is counted of both answers in arenas of a modality.

    names: of the K amounts. levels: those that are decibels already, whose difference is taken as it is; of all others
    it is relative to their sum. read: the columns of a side; counted: the amounts of both sides from them.
    """

    names: tuple[str, ...]
    levels: frozenset[str]
    read: Callable[[str], list[Subquery]]
    counted: Callable[[Told, Told], tuple[list[int], list[int]]]

    def differences(self, amounts: Amounts) -> Matrix:
        """(N, K): between left and right."""
        left, right = amounts[:, 0], amounts[:, 1]
        plain = np.array([name in self.levels for name in self.names])
        return np.where(plain, (left - right) / _PER_UNIT, style.differences(left, right))

    def amounts_of(self, rows: Sequence[tuple[Any, ...]]) -> Amounts:
        """From the columns of `form_columns`; what was not counted has no form."""
        none = [0] * len(self.names)
        return np.array([[side or none for side in row] for row in rows], dtype=np.float64).reshape(-1, 2, len(none))


def _of(rows: QuerySet[Any], prefix: str, side: str) -> QuerySet[Any]:
    """Complete answers of a side to the voted turn. prefix: from a row to its answer."""
    found = {"turn__battle": OuterRef("battle"), "turn__n": OuterRef("turn_n"), "side": side}
    found["status"] = ResponseStatus.COMPLETE.value
    return rows.filter(**{prefix + name: value for name, value in found.items()})


def _texts(side: str) -> list[Subquery]:
    return [Subquery(_of(Response.objects.all(), "", side).values("content")[:1])]


def _text_amounts(*sides: Told) -> tuple[list[int], list[int]]:
    left, right = (list(markdown_style.covariates(text or "").amounts()) for (text,) in sides)
    return left, right


def _clips(side: str) -> list[Subquery]:
    clips = _of(Clip.objects.all(), "response__", side)
    loudness = clips.values_list(KeyTransform("loudness_lufs", "native"))
    return [Subquery(clips.values("generated_s")[:1]), Subquery(loudness[:1])]


def _clip_amounts(*sides: Told) -> tuple[list[int], list[int]]:
    """What is not known of one side makes no difference."""
    known = [None not in both for both in zip(*sides, strict=True)]
    left, right = (
        [round(value * unit) if told else 0 for value, unit, told in zip(side, (1000, _PER_UNIT), known, strict=True)]
        for side in sides
    )
    return left, right


FORMS: Final[Mapping[str, Form]] = {
    Modality.TEXT: Form(markdown_style.NAMES, frozenset(), _texts, _text_amounts),
    Modality.MUSIC: Form(("duration", "loudness"), frozenset({"loudness"}), _clips, _clip_amounts),
}


def form_columns() -> dict[str, Subquery]:
    """What to read beside a vote for `Form.amounts_of`."""
    form = BattleForm.objects.filter(battle=OuterRef("battle"))
    return {f"form_{side}": Subquery(form.values(side)) for side in SIDES}


def count_forms(arena: Arena, up_to: int, most: int) -> None:
    """Count the answers of the newest voted battles not counted yet, as they stood when the vote was cast."""
    form = FORMS[arena.modality]
    known = BattleForm.objects.filter(battle=OuterRef("battle"))
    columns = {f"{side}_{place}": query for side in SIDES for place, query in enumerate(form.read(side))}
    new = counted_votes(arena, up_to).filter(~Exists(known)).annotate(**columns).order_by("-id")
    rows = new.values_list("battle_id", *columns)[:most].iterator(chunk_size=_BATCH)
    while batch := list(islice(rows, _BATCH)):
        BattleForm.objects.bulk_create((_counted(form, *row) for row in batch), ignore_conflicts=True)


def _counted(form: Form, battle_id: Any, *told: Any) -> BattleForm:
    half = len(told) // len(SIDES)
    return BattleForm(battle_id=battle_id, **dict(zip(SIDES, form.counted(told[:half], told[half:]), strict=True)))
