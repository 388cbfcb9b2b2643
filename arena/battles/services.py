"""What visitors do with battles: start, follow up, stop, report. Errors: `arena.battles.errors`."""

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from arena.accounts.models import Voter
from arena.arenas.models import Arena, Modality
from arena.battles import pool
from arena.battles.errors import (
    AlreadyReported,
    AlreadyVoted,
    ArenaClosed,
    BattleNotFound,
    IdempotencyMismatch,
    NotReady,
    PromptRefused,
    TooManyTurns,
)
from arena.battles.models import Battle, RefusedTurn, Report, Turn
from arena.battles.moves import set_state
from arena.battles.states import BattleState, Side
from arena.common import live, measures, outbox, queue, tracing
from arena.router import services as router

FIRST_TURN: Final = 1


def _open_to_all() -> None:
    """The gate of a caller who limits nobody."""


def start_battle(
    arena: Arena,
    voter: Voter,
    prompt: str,
    *,
    requirement: dict[str, Any] | None = None,
    idempotency_key: str | None = None,
    publication: bool = False,
    simulated: bool = False,
    for_the_pool: bool = False,
    gate: Callable[[], None] = _open_to_all,
) -> Battle:
    """Store a battle and promise its generation; or hand out one that is ready (see `pool`).

    A prompt that moderation refuses is stored as a refused battle.

    `gate` is called in the transaction that opens the battle, before anything is written; it raises to forbid it.

    Raises:
        ArenaClosed: the arena takes no battles now.
        PromptInvalid: empty, too long or wrongly encoded; nothing is stored.
        GuardUnavailable: moderation did not answer; nothing is stored.
        IdempotencyMismatch: the key came before with another prompt.
    """
    if not arena.is_open:
        raise ArenaClosed(arena.slug)
    text = router.checked_prompt(prompt)
    wish = router.checked_requirement(arena, requirement)
    if idempotency_key and (earlier := _replayed(arena, voter, text, wish, idempotency_key)):
        return earlier
    need = router.understood(arena, text, wish)
    refusal = router.moderate(text, arena, need)
    battle = Battle(
        arena=arena,
        voter=voter,
        state=(BattleState.REFUSED if refusal else BattleState.QUEUED).value,
        reason=refusal.code if refusal else "",
        requirement=need,
        idempotency_key=idempotency_key or None,
        publication=publication,
        is_simulated=simulated,
    )
    try:
        with transaction.atomic():
            gate()
            if not (refusal or simulated or for_the_pool) and (ready := pool.take(battle, text)):
                return ready
            battle.save(force_insert=True)
            _add_turn(battle, FIRST_TURN, text, None, promise=not (refusal or simulated))
            transaction.on_commit(partial(_count_start, battle), robust=True)
    except IntegrityError:
        # A parallel request with the same key was faster.
        if idempotency_key and (earlier := _replayed(arena, voter, text, wish, idempotency_key)):
            return earlier
        raise
    return battle


def _count_start(battle: Battle) -> None:
    measures.BATTLES_STARTED.count(battle.arena_id)
    if battle.state == BattleState.REFUSED.value:
        measures.BATTLES_ENDED.count(battle.arena_id, battle.state, battle.reason)


def earlier_battle(
    arena: Arena, voter: Voter, prompt: str, requirement: dict[str, Any] | None, key: str
) -> Battle | None:
    """The battle that this very request started before: a retry is answered also where a new battle would not be.

    Raises:
        IdempotencyMismatch, PromptInvalid: as in `start_battle`.
    """
    text, wish = router.checked_prompt(prompt), router.checked_requirement(arena, requirement)
    return _replayed(arena, voter, text, wish, key)


def earlier_turn(battle_id: uuid.UUID, voter: Voter, prompt: str, key: str) -> Battle | None:
    """The battle to which this very request added its turn before.

    Raises:
        BattleNotFound, IdempotencyMismatch, PromptInvalid: as in `add_turn`.
    """
    battle = owned_battle(battle_id, voter)
    return battle if _repeats_a_turn(battle, router.checked_prompt(prompt), key) else None


def _replayed(arena: Arena, voter: Voter, text: str, wish: dict[str, Any], key: str) -> Battle | None:
    earlier = Battle.objects.filter(voter=voter, idempotency_key=key).select_related("arena").first()
    if earlier is None:
        return None
    same_prompt = Turn.objects.filter(battle=earlier, n=FIRST_TURN, prompt=text).exists()
    if earlier.arena_id != arena.id or router.asked(arena, earlier.requirement) != wish or not same_prompt:
        raise IdempotencyMismatch(key)
    return earlier


def _add_turn(battle: Battle, n: int, text: str, idempotency_key: str | None, *, promise: bool) -> Turn:
    finished_at = Now() if battle.state == BattleState.REFUSED.value else None
    turn = Turn.objects.create(
        battle=battle,
        n=n,
        prompt=text,
        idempotency_key=idempotency_key,
        request_id=tracing.current(),
        finished_at=finished_at,
    )
    if promise:
        outbox.enqueue(queue.GENERATE_TURN, turn.id)
    return turn


def most_turns(arena: Arena) -> int:
    """How many prompts a battle of this arena may have: a piece of music is no conversation."""
    return int(settings.ARENA_MAX_TURNS) if arena.modality == Modality.TEXT.value else 1


def add_turn(
    battle_id: uuid.UUID,
    voter: Voter,
    prompt: str,
    *,
    idempotency_key: str | None = None,
    gate: Callable[[], None] = _open_to_all,
) -> Battle:
    """Ask the same two systems again, each with its own history. `gate`: as in `start_battle`.

    Raises:
        BattleNotFound, NotReady, AlreadyVoted, TooManyTurns, IdempotencyMismatch: see `errors`.
        PromptRefused: moderation refused; the battle stays ready and the refusal is a row.
        PromptInvalid, GuardUnavailable: as in `start_battle`.
    """
    battle = owned_battle(battle_id, voter)
    text = router.checked_prompt(prompt)
    if _repeats_a_turn(battle, text, idempotency_key):
        return battle
    _require_ready(battle)
    turns = Turn.objects.filter(battle=battle).count()
    if turns >= most_turns(battle.arena):
        raise TooManyTurns(f"{turns} turns")
    if refusal := router.moderate(text):
        RefusedTurn.objects.create(battle=battle, prompt=text, reason=refusal.code)
        raise PromptRefused(refusal.code)
    with transaction.atomic():
        gate()
        moved = set_state(battle.id, BattleState.QUEUED)
        if moved:
            _add_turn(battle, turns + 1, text, idempotency_key or None, promise=True)
    # A parallel request with the same key may have been faster.
    if not moved and not _repeats_a_turn(battle, text, idempotency_key):
        raise NotReady(str(battle.id))
    battle.refresh_from_db(fields=["state", "reason"])
    return battle


def _repeats_a_turn(battle: Battle, text: str, key: str | None) -> bool:
    earlier = Turn.objects.filter(battle=battle, idempotency_key=key).first() if key else None
    if earlier is None:
        return False
    if earlier.prompt != text:
        raise IdempotencyMismatch(str(key))
    battle.refresh_from_db(fields=["state", "reason"])
    return True


def owned_battle(battle_id: uuid.UUID, voter: Voter | None) -> Battle:
    """The voter's battle.

    Raises:
        BattleNotFound: unknown or somebody else's, told apart by nothing.
    """
    battle = Battle.objects.filter(id=battle_id, voter=voter).select_related("arena").first() if voter else None
    if battle is None:
        raise BattleNotFound(str(battle_id))
    return battle


def _require_ready(battle: Battle) -> None:
    if battle.state == BattleState.VOTED.value:
        raise AlreadyVoted(str(battle.id))
    if battle.state != BattleState.READY.value:
        raise NotReady(str(battle.id))


def stop(battle_id: uuid.UUID, voter: Voter) -> Battle:
    """End the writing at what is shown. Without effect where nothing is being written.

    Raises:
        BattleNotFound: see `owned_battle`.
    """
    battle = owned_battle(battle_id, voter)
    turn = Turn.objects.filter(battle=battle, finished_at=None).order_by("-n").first()
    if turn is not None:
        Turn.objects.filter(id=turn.id, stop_requested_at=None).update(stop_requested_at=Now())
        live.request_stop(battle.id, turn.n)
    return battle


def report_answer(battle_id: uuid.UUID, voter: Voter, turn_n: int, side: Side, reason: str, text: str) -> Report:
    """Keep a visitor's report of an answer for the operators.

    Raises:
        BattleNotFound: no such battle of this voter, or no such turn in it.
        AlreadyReported: this answer was reported before.
    """
    battle = owned_battle(battle_id, voter)
    if not Turn.objects.filter(battle=battle, n=turn_n).exists():
        raise BattleNotFound(f"{battle_id} turn {turn_n}")
    try:
        with transaction.atomic():
            return Report.objects.create(battle=battle, turn_n=turn_n, side=side, reason=reason, text=text)
    except IntegrityError as error:
        raise AlreadyReported(f"{battle_id} turn {turn_n} {side}") from error


def resolve_report(report_id: int, resolution: str) -> bool:
    """Close a report with what became of it. Returns whether it was open."""
    report = Report.objects.filter(pk=report_id, resolved_at=None)
    return bool(report.update(resolved_at=Now(), resolution=resolution))


def reopen_report(report_id: int) -> bool:
    """Open a report again. Returns whether it was closed."""
    report = Report.objects.filter(pk=report_id, resolved_at__isnull=False)
    return bool(report.update(resolved_at=None, resolution=""))
