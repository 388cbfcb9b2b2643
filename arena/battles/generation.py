"""What a worker does to a turn: claim it, draw its pair, keep it, draw anew. Its end: `arena.battles.endings`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, F, Q
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Extract, Now

from arena.arenas.models import Modality
from arena.battles.endings import close_responses, end_turn, fail_turn, finish_turn, unused_call
from arena.battles.models import Battle, Response, Turn
from arena.battles.moves import set_state
from arena.battles.services import FIRST_TURN
from arena.battles.states import SIDES, UNFINISHED, BattleState, Phase, ResponseStatus, Side
from arena.battles.work import NOTHING_KNOWN, LeaseLost, Output, SideWork, TurnWork, fence, holder, live
from arena.router import services as router
from arena.router.models import Pairing
from arena.systems import services as systems
from arena.systems.backends.base import BackendError, Message, RetryableError
from arena.systems.models import SystemVersion

#: A turn that was begun this often takes its workers down with it. Music is begun twice, a redrawn one four times.
MAX_ATTEMPTS: Final[Mapping[str, int]] = {Modality.TEXT: 5, Modality.MUSIC: 8}

#: Seconds since a turn began.
WAITED_S: Final = Extract(ExpressionWrapper(Now() - F("created_at"), output_field=DurationField()), "epoch")


@dataclass(frozen=True, slots=True)
class Renewal:
    """The answer to a renewed lease."""

    alive: bool
    stop_requested: bool


def claim_turn(turn_id: int, *, seed: int | None = None) -> TurnWork | None:
    """Take a turn whose lease is free, and draw its pair where it has none. `seed`: see `router.draw_pairing`.

    Returns:
        The work; None where there is nothing to do (finished, somebody else's, refused, given up).
    """
    leased = lease_turn(turn_id, Phase.GENERATE)
    if leased is None:
        return None
    turn, waited_s = leased
    try:
        pairing = turn.battle.pairing or _draw(turn, seed=seed)
    except router.NoPair as error:
        end_turn(turn.id, turn.attempt, turn.battle_id, BattleState.REFUSED, error.code)
        return None
    return replace(_open_responses(turn, pairing), waited_s=waited_s)


def lease_turn(turn_id: int, phase: Phase) -> tuple[Turn, float] | None:
    """The turn, ours now, and for how many seconds it has waited; None where this phase of it is not to be had."""
    free = Q(lease_until=None) | Q(lease_until__lt=Now())
    with transaction.atomic():
        turn = (
            Turn.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("battle__arena", "battle__pairing")
            .filter(free, id=turn_id, phase=phase.value, finished_at=None, battle__state__in=UNFINISHED)
            .annotate(waited_s=WAITED_S)
            .first()
        )
        if turn is None:
            return None
        Turn.objects.filter(id=turn.id).update(attempt=F("attempt") + 1, lease_until=_lease_end())
        turn.attempt += 1
        set_state(turn.battle_id, BattleState.GENERATING)
    if turn.attempt > MAX_ATTEMPTS[turn.battle.arena.modality]:
        end_turn(turn.id, turn.attempt, turn.battle_id, BattleState.FAILED, "gave_up")
        return None
    return turn, float(turn.waited_s)


def _lease_end() -> CombinedExpression:
    return Now() + timedelta(seconds=settings.ARENA_LEASE_S)


def _draw(
    turn: Turn, redraw_of: Pairing | None = None, exclude: frozenset[int] = frozenset(), seed: int | None = None
) -> Pairing:
    """Draw a pair and bind it to the battle in one transaction, fenced."""
    with transaction.atomic():
        fence(turn.id, turn.attempt)
        pairing = router.draw_pairing(
            turn.battle.arena,
            (Message("user", turn.prompt),),
            requirement=turn.battle.requirement,
            redraw_of=redraw_of,
            exclude=exclude,
            holder="" if turn.battle.is_simulated else holder(turn.id),
            seed=seed,
        )
        Battle.objects.filter(id=turn.battle_id).update(pairing=pairing)
    return pairing


def _open_responses(turn: Turn, pairing: Pairing, *, may_redraw: bool = True) -> TurnWork:
    versions = {version.id: version for version in systems.versions_by_id([pairing.left_id, pairing.right_id])}
    _write_lyrics(turn, pairing, list(versions.values()))
    with transaction.atomic():
        fence(turn.id, turn.attempt)
        if turn.attempt > 1:
            _give_up_lost(turn)
        responses = Response.objects.bulk_create(
            Response(
                turn=turn,
                side=side,
                pairing=pairing,
                version=versions[getattr(pairing, f"{side}_id")],
                attempt=turn.attempt,
            )
            for side in SIDES
        )
        sides = {side: side_work(turn, response) for side, response in zip(SIDES, responses, strict=True)}
        if not turn.battle.is_simulated:
            costs = {one.caller: systems.most_usd(one.caller, one.messages) for one in sides.values()}
            systems.hold(costs, holder(turn.id))
    return turn_work(turn, sides, may_redraw=may_redraw)


def _give_up_lost(turn: Turn) -> None:
    """Calls that an earlier attempt made and nobody ended: their prompts at least were read, and cost."""
    lost = list(live(turn.id).select_related("version__system"))
    live(turn.id).update(status=ResponseStatus.FAILED.value, error_class="WorkerLost", finished_at=Now())
    systems.record([unused_call(side_work(turn, response), NOTHING_KNOWN) for response in lost])


def turn_work(turn: Turn, sides: Mapping[Side, SideWork], *, may_redraw: bool = True) -> TurnWork:
    """A leased turn, with its battle and arena, as work."""
    return TurnWork(
        turn_id=turn.id,
        battle_id=turn.battle_id,
        n=turn.n,
        attempt=turn.attempt,
        sides=sides,
        may_redraw=may_redraw and turn.n == FIRST_TURN,
        arena_id=turn.battle.arena_id,
        gives_audio=turn.battle.arena.modality == Modality.MUSIC,
    )


def side_work(turn: Turn, response: Response) -> SideWork:
    """One side of a turn as work."""
    side: Side = "left" if response.side == "left" else "right"
    member = router.member_for(response.version, response.pairing_id, side)
    return SideWork(response.pk, response.version, messages_for(turn, side), turn.battle.requirement, member)


def _write_lyrics(turn: Turn, pairing: Pairing, versions: list[SystemVersion]) -> None:
    """Keep the words that this pair needs, where nobody gave any; a redraw sings those that were written before."""
    battle = turn.battle
    words = router.written_lyrics(battle.arena, turn.prompt, battle.requirement, versions, pairing.seed)
    if words is None:
        return
    battle.requirement = {**battle.requirement, "lyrics": words, "lyrics_by": "arena"}
    with transaction.atomic():
        fence(turn.id, turn.attempt)
        Battle.objects.filter(id=battle.id).update(requirement=battle.requirement)


def messages_for(turn: Turn, side: Side) -> tuple[Message, ...]:
    """The conversation as this side's system saw it, ending with the turn's prompt."""
    if turn.n == FIRST_TURN:
        return (Message("user", turn.prompt),)
    earlier = Response.objects.filter(
        turn__battle_id=turn.battle_id, turn__n__lt=turn.n, side=side, status=ResponseStatus.COMPLETE.value
    ).order_by("turn__n")
    messages = []
    for response in earlier.select_related("turn"):
        messages += [Message("user", response.turn.prompt), Message("assistant", response.content)]
    return (*messages, Message("user", turn.prompt))


def renew_lease(work: TurnWork) -> Renewal:
    """Keep the turn for another lease."""
    mine = Turn.objects.filter(id=work.turn_id, attempt=work.attempt, finished_at=None)
    alive = mine.update(lease_until=_lease_end()) == 1
    return Renewal(alive, alive and mine.filter(stop_requested_at__isnull=False).exists())


def release_lease(work: TurnWork) -> None:
    """Give the turn back at once (the worker is going down); the sweep rings for it."""
    Turn.objects.filter(id=work.turn_id, attempt=work.attempt, finished_at=None).update(lease_until=None, rung_at=None)


def redraw(
    work: TurnWork, failures: Mapping[Side, BackendError], unused: Mapping[Side, Output] | None = None
) -> TurnWork | None:
    """Replace the pair before anything was shown; the failed attempt stays as rows.

    Where no other pair can answer, the same pair tries again if the failure may pass.

    Returns:
        The new work; None when the battle has failed.
    """
    turn = closed(work, failures, unused)
    if fresh := draw_again(turn):
        return _open_responses(turn, fresh)
    if turn.battle.pairing and all(isinstance(error, RetryableError) for error in failures.values()):
        return _open_responses(turn, turn.battle.pairing, may_redraw=False)
    fail_turn(work)
    return None


def closed(work: TurnWork, failures: Mapping[Side, BackendError], unused: Mapping[Side, Output] | None = None) -> Turn:
    """End the attempt (see `close_responses`); the turn stays ours, with its battle, its arena and the pair so far."""
    close_responses(work, failures, unused)
    turn = Turn.objects.select_related("battle__arena", "battle__pairing").get(id=work.turn_id)
    turn.attempt = work.attempt
    return turn


def draw_again(turn: Turn) -> Pairing | None:
    """Another pair without the systems that failed; None where there is none, or was drawn often enough."""
    pairing = turn.battle.pairing
    if pairing is None or pairing.attempt > settings.ARENA_REDRAWS[turn.battle.arena.modality]:
        return None
    try:
        return _draw(turn, pairing, _failed_versions(turn))
    except router.NoPair:
        return None


def _failed_versions(turn: Turn) -> frozenset[int]:
    failed = Response.objects.filter(turn=turn, status=ResponseStatus.FAILED.value).select_related("version")
    members = (router.member_for(one.version, one.pairing_id, one.side) for one in failed)
    return frozenset({one.version_id for one in failed} | {member.pk for member in members if member})


@dataclass(frozen=True, slots=True)
class DueTurn:
    """A turn that somebody should take, for which phase, and the request that asked for it."""

    id: int
    request_id: str
    phase: str


def due_turns(ring_again_after_s: float, limit: int = 200) -> list[DueTurn]:
    """Turns that nobody holds and for which the bell did not ring lately; marks them as rung."""
    quiet = Now() - timedelta(seconds=ring_again_after_s)
    with transaction.atomic():
        due = (
            Turn.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(Q(lease_until=None) | Q(lease_until__lt=Now()), Q(rung_at=None) | Q(rung_at__lt=quiet))
            .filter(finished_at=None, battle__state__in=UNFINISHED, battle__is_simulated=False)
        )
        turns = [DueTurn(*row) for row in due.order_by("id").values_list("id", "request_id", "phase")[:limit]]
        Turn.objects.filter(id__in=[turn.id for turn in turns]).update(rung_at=Now())
    return turns


def local_job(response_id: int) -> SideWork | None:
    """What a `cpu` worker shall compute; None where nobody waits for it any more."""
    response = (
        Response.objects.select_related("turn__battle", "version__system")
        .filter(id=response_id, status=ResponseStatus.GENERATING.value, turn__attempt=F("attempt"))
        .first()
    )
    return side_work(response.turn, response) if response else None


def complete_simulated(
    battle: Battle, answer: Callable[[Side, SideWork], Output], seed: int | None = None
) -> TurnWork:
    """Draw a pair for a simulated battle and give it these answers, through the same rows as a real one.

    Raises:
        LeaseLost: no pair can answer.
    """
    turn_id = Turn.objects.values_list("id", flat=True).get(battle=battle, n=FIRST_TURN)
    work = claim_turn(turn_id, seed=seed)
    if work is None:
        raise LeaseLost(f"simulated battle {battle.id}")
    finish_turn(work, {side: answer(side, work.sides[side]) for side in SIDES}, simulated=True)
    return work
