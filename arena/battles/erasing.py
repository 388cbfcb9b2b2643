"""Erase what was written in a battle; its rows stay."""

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Case, F, Value, When
from django.dispatch import Signal

from arena.battles.models import Battle, RefusedTurn, Report, Response, Turn
from arena.common import live
from arena.router.signature import RULES, RequirementInvalid

#: Stands for the phrases in which a system named itself: that there were some still counts.
ERASED = "erased"
#: Sent in the transaction, with `battle`, before its texts go: whoever keeps what was made of them deletes it.
erasing = Signal()


def erase_texts(battle: Battle) -> None:
    """Prompts, answers and what came with them. Call it in the transaction that says why.

    Nothing of a turn is left but numbers, so it must not be written any more: the caller has made sure of that.
    """
    erasing.send(sender=Battle, battle=battle)
    turns = Turn.objects.filter(battle=battle)
    turns.update(prompt="")
    named = Case(When(identity_matches__len__gt=0, then=Value([ERASED])), default=F("identity_matches"))
    Response.objects.filter(turn__in=turns).update(content="", reasoning="", identity_matches=named)
    RefusedTurn.objects.filter(battle=battle).update(prompt="")
    Report.objects.filter(battle=battle).update(text="")
    Battle.objects.filter(pk=battle.pk).update(requirement=_without_words(battle))
    transaction.on_commit(partial(live.forget, battle.pk))


def _without_words(battle: Battle) -> dict[str, Any]:
    """What may be published of the requirement: lyrics and genres are somebody's words."""
    try:
        return RULES[battle.arena.modality].published(battle.requirement)
    except RequirementInvalid:
        return {}
