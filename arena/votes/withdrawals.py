"""Take a battle back: its texts at once, and the vote too if the voter wants that.

Prompts, answers and feedback are erased in the transaction that stores the wish. A withdrawn vote stays a row, as
every vote does; the wish beside it takes it out of tallies (`rankings.withdrawing`) and releases (`data_releases`).
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from arena.accounts.models import Voter
from arena.battles.erasing import erase_texts
from arena.battles.errors import BattleNotFound, NotReady
from arena.battles.models import Battle
from arena.battles.moves import set_state
from arena.battles.states import SIDES, BattleState
from arena.common import outbox, queue
from arena.media.erasing import erase_clips
from arena.votes.models import Vote, Withdrawal, WithdrawnScope
from arena.votes.receipts import battle_of_receipt

#: Somebody writes in these; texts that are erased now would come back.
_WRITING: Final = frozenset({BattleState.QUEUED.value, BattleState.GENERATING.value})


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What is withdrawn of a battle, since when; None: not withdrawn."""

    battle_id: uuid.UUID
    text_at: datetime | None
    vote_at: datetime | None


def withdraw(battle_id: uuid.UUID, voter: Voter | None, *, vote: bool) -> Withdrawn:
    """Withdraw the texts of the voter's battle, and its vote if `vote`. Again: the same, without effect.

    Raises:
        BattleNotFound: unknown or somebody else's, told apart by nothing.
        NotReady: answers are being written; stop them first.
    """
    if voter is None or not Battle.objects.filter(id=battle_id, voter=voter).exists():
        raise BattleNotFound(str(battle_id))
    return withdraw_battle(battle_id, vote=vote)


def withdraw_battle(battle_id: uuid.UUID, *, vote: bool) -> Withdrawn:
    """The same for whoever showed the battle's receipt.

    Raises:
        BattleNotFound, NotReady: see `withdraw`.
    """
    with transaction.atomic():
        battle = Battle.objects.select_for_update(of=("self",)).filter(id=battle_id).first()
        if battle is None:
            raise BattleNotFound(str(battle_id))
        if battle.state in _WRITING:
            raise NotReady(str(battle_id))
        if battle.state == BattleState.READY.value:
            # Nobody can judge what is not there any more.
            set_state(battle.id, BattleState.EXPIRED)
        erase_texts(battle)
        erase_clips(battle)
        Vote.objects.filter(battle=battle).update(feedback=dict.fromkeys(SIDES, ""))
        _note(battle, vote=vote and Vote.objects.filter(battle=battle).exists())
    return withdrawn_of(battle_id)


def _note(battle: Battle, *, vote: bool) -> None:
    wished = [WithdrawnScope.TEXT, *([WithdrawnScope.VOTE] if vote else [])]
    rows = [Withdrawal(battle=battle, scope=scope) for scope in wished]
    Withdrawal.objects.bulk_create(rows, ignore_conflicts=True)
    outbox.enqueue(queue.REVISE_RELEASES, battle.arena_id)
    if vote:
        outbox.enqueue(queue.REFRESH_BOARD, battle.arena_id)


def withdraw_everything(voter: Voter, *, votes: bool) -> tuple[int, int]:
    """Withdraw every battle of a voter.

    Returns:
        How many were withdrawn, and how many are being written still and were left.
    """
    return _withdraw_each(
        Battle.objects.filter(voter=voter).order_by("created_at").values_list("id", flat=True), votes
    )


def withdraw_receipts(receipts: Iterable[str], *, votes: bool) -> tuple[int, int]:
    """Withdraw the battles of these receipts; the same numbers.

    Raises:
        ReceiptInvalid, BattleNotFound: one of them is for no battle; nothing was withdrawn.
    """
    battles = {battle_of_receipt(text) for text in receipts}
    if Battle.objects.filter(id__in=battles).count() != len(battles):
        raise BattleNotFound("of a receipt")
    return _withdraw_each(sorted(battles), votes)


def _withdraw_each(battles: Iterable[uuid.UUID], votes: bool) -> tuple[int, int]:
    done = left = 0
    for battle_id in battles:
        try:
            withdraw_battle(battle_id, vote=votes)
            done += 1
        except NotReady:
            left += 1
    return done, left


def withdrawn_of(battle_id: uuid.UUID) -> Withdrawn:
    """What is withdrawn of a battle. The caller has made sure whose it is."""
    times = dict(Withdrawal.objects.filter(battle_id=battle_id).values_list("scope", "created_at"))
    return Withdrawn(battle_id, times.get(WithdrawnScope.TEXT.value), times.get(WithdrawnScope.VOTE.value))
