"""How a worker ends a turn, or an attempt at it: both outputs are stored, or the failure is."""

import uuid
from collections.abc import Mapping
from dataclasses import replace

from django.db import transaction
from django.db.models.functions import Now

from arena.battles import identity
from arena.battles.models import Response, Turn
from arena.battles.moves import set_state
from arena.battles.states import BattleState, ResponseStatus, Side
from arena.battles.work import LeaseLost, Output, SideWork, TurnWork, fence, holder, live
from arena.systems import services as systems
from arena.systems.backends.base import BackendError


def finish_turn(work: TurnWork, outputs: Mapping[Side, Output], *, simulated: bool = False) -> None:
    """Store both outputs and make the battle ready, in one transaction. What a simulation makes up costs nobody.

    Raises:
        LeaseLost: the turn is not ours any more.
    """
    with transaction.atomic():
        fence(work.turn_id, work.attempt)
        for side, output in outputs.items():
            _store(work.sides[side], output)
        answered = [one for side, output in outputs.items() for one in _answered(work.sides[side], output)]
        (systems.record_simulated if simulated else systems.record)(answered)
        end_turn(work.turn_id, work.attempt, work.battle_id, BattleState.READY, "")


def _answered(side: SideWork, output: Output) -> list[systems.CallResult]:
    tokens = (output.input_tokens, output.output_tokens)
    said = output.reasoning + output.content + output.withheld
    result = systems.CallResult(
        version_id=side.caller.pk,
        ttft_s=output.ttft_s,
        latency_s=output.latency_s,
        input_tokens=output.input_tokens,
        output_tokens=output.output_tokens,
        charge=systems.charge(side.caller, side.messages, said, *tokens),
    )
    return [result, *_of_router(side, result)]


def _of_router(side: SideWork, result: systems.CallResult) -> list[systems.CallResult]:
    """A router's own call: counted and timed, but the money is its member's, and so are failures."""
    if side.member is None:
        return []
    return [replace(result, version_id=side.version.pk, charge=systems.FREE, steers=False)]


def unused_call(side: SideWork, output: Output) -> systems.CallResult:
    """A call that was ended because of the other side, or by the visitor, costs what it had said until then."""
    charge = _answered(side, output)[0].charge
    return systems.CallResult(version_id=side.caller.pk, outcome=systems.UNUSED, charge=charge, steers=False)


def _store(work: SideWork, output: Output) -> None:
    known = {text for one in (work.version, work.caller) for text in (one.system.name, one.organisation)}
    matches = identity.find(output.content, sorted(known))
    Response.objects.filter(id=work.response_id, status=ResponseStatus.GENERATING.value).update(
        status=ResponseStatus.COMPLETE.value,
        content=output.content,
        reasoning=output.reasoning,
        finish_reason=output.finish_reason,
        ttft_s=output.ttft_s,
        latency_s=output.latency_s,
        input_tokens=output.input_tokens,
        output_tokens=output.output_tokens,
        cost_usd=systems.cost_usd(work.caller, output.input_tokens, output.output_tokens),
        identity_matches=matches,
        identity_list_version=identity.LIST_VERSION,
        finished_at=Now(),
    )


def fail_turn(
    work: TurnWork,
    failures: Mapping[Side, BackendError] | None = None,
    unused: Mapping[Side, Output] | None = None,
    reason: str = "backend_failed",
) -> None:
    """End the battle without a vote. `unused`: see `close_responses`.

    Raises:
        LeaseLost: the turn is not ours any more.
    """
    close_responses(work, failures or {}, unused or {})
    end_turn(work.turn_id, work.attempt, work.battle_id, BattleState.FAILED, reason)


def close_responses(
    work: TurnWork, failures: Mapping[Side, BackendError], unused: Mapping[Side, Output] | None = None
) -> None:
    """End every call that still runs: failed where a failure is named, discarded otherwise.

    `unused`: what calls had said that are discarded; it is charged, and stored nowhere.

    Raises:
        LeaseLost: the turn is not ours any more.
    """
    with transaction.atomic():
        fence(work.turn_id, work.attempt)
        for side, error in failures.items():
            live(work.turn_id).filter(side=side).update(
                status=ResponseStatus.FAILED.value, error_class=type(error).__name__, finished_at=Now()
            )
        live(work.turn_id).update(status=ResponseStatus.DISCARDED.value, finished_at=Now())
        ended = [one for side, error in failures.items() for one in _failed(work.sides[side], error)]
        ended += [unused_call(work.sides[side], output) for side, output in (unused or {}).items()]
        systems.record(ended)
        systems.forgo_probes([one.caller.pk for side, one in work.sides.items() if side not in failures])
        systems.release(holder(work.turn_id))


def _failed(side: SideWork, error: BackendError) -> list[systems.CallResult]:
    """A call that broke off costs what it read and had said by then, as far as anybody can tell; see `may_cost`."""
    charge = systems.charge(side.caller, side.messages, error.said, None, None) if error.may_cost else systems.FREE
    result = systems.CallResult(version_id=side.caller.pk, outcome=type(error).__name__, charge=charge)
    return [result, *_of_router(side, result)]


def restart_side(work: TurnWork, side: Side, error: BackendError) -> TurnWork:
    """Try one side again on the same system; the failed attempt stays a row.

    Raises:
        LeaseLost: the turn is not ours any more.
    """
    with transaction.atomic():
        fence(work.turn_id, work.attempt)
        failed = live(work.turn_id).get(side=side)
        failed.status, failed.error_class = ResponseStatus.FAILED.value, type(error).__name__
        failed.save(update_fields=["status", "error_class"])
        systems.record(_failed(work.sides[side], error))
        again = Response.objects.create(
            turn_id=work.turn_id,
            side=side,
            pairing_id=failed.pairing_id,
            version_id=failed.version_id,
            attempt=work.attempt,
        )
    return replace(work, sides={**work.sides, side: replace(work.sides[side], response_id=again.id)})


def end_turn(turn_id: int, attempt: int, battle_id: uuid.UUID, state: BattleState, reason: str) -> None:
    """Finish the turn and move its battle to `state`, in one transaction; what was reserved for it is free again.

    Raises:
        LeaseLost: the turn is not ours any more.
    """
    with transaction.atomic():
        mine = Turn.objects.filter(id=turn_id, attempt=attempt, finished_at=None)
        if not mine.update(finished_at=Now(), lease_until=None):
            raise LeaseLost(f"turn {turn_id} attempt {attempt}")
        if not set_state(battle_id, state, reason):
            raise LeaseLost(f"battle {battle_id} is not being generated")
        systems.release(holder(turn_id))
