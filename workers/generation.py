"""Tasks that generate: ids in, services called, nothing decided here."""

import asyncio
import logging
import time
from collections.abc import Mapping

from django.conf import settings
from django.db import OperationalError, close_old_connections, connection

from arena.battles import endings, generation, handover, relay
from arena.battles.conductor import Call, Completed, Conductor, Failed, Outcome, Pace
from arena.battles.gathering import Gathered
from arena.battles.states import Phase, Side
from arena.battles.work import LeaseLost, SideWork, TurnWork
from arena.common import live, measures, tracing
from arena.common.queue import GENERATE_LOCAL, GENERATE_TURN, app
from arena.systems import services as systems
from arena.systems.backends.base import BackendError, GenerationRequest
from workers import clips, loop
from workers.leases import run_leased

logger = logging.getLogger(__name__)


@app.task(name=GENERATE_TURN)
def generate_turn(turn_id: int) -> None:
    """Generate a turn, if nobody else does: claim, conduct, store; again with another pair where need be."""
    following = generation.claim_turn(turn_id)
    asked_at = time.monotonic() - (following.waited_s if following else 0.0)
    while (work := following) is not None:
        try:
            following = _settle(clips.gather(work, _calls(work)) if work.gives_audio else _conduct(work, asked_at))
        except (LeaseLost, loop.Abandoned):
            logger.warning("turn %s: lease lost, another worker has it", turn_id)
            return
        except OperationalError as error:
            logger.warning("turn %s: database away, the sweep rings again: %s", turn_id, type(error).__name__)
            return
        except Exception:
            # The worker's shell: a defect must not leave the visitor waiting for the lease to run out five times.
            logger.exception("turn %s: defect", turn_id)
            endings.fail_turn(work, reason="internal")
            return


def _settle(outcome: Outcome | Gathered) -> TurnWork | None:
    match outcome:
        case Gathered(work):
            handover.hand_over(work, Phase.PREPARE)
        case Completed(work, outputs):
            endings.finish_turn(work, outputs)
            logger.info("turn %s: ready at attempt %s", work.turn_id, work.attempt)
        case Failed(work, failures, shown, unused):
            for side, error in failures.items():
                logger.warning("turn %s %s: %s", work.turn_id, side, error.summary)
            if work.may_redraw and not shown:
                return generation.redraw(work, failures, unused)
            endings.fail_turn(work, failures, unused)
        case _:
            endings.fail_turn(outcome.work, unused=outcome.unused, reason="stopped")
    return None


def _conduct(work: TurnWork, asked_at: float) -> Outcome:
    """Let text flow. `asked_at`: when the visitor asked, by this process's monotonic clock."""
    writer = live.TurnWriter(loop.pipelines(), work.battle_id, work.n)
    conductor = Conductor(work, _calls(work), writer, _pace(), _restart)
    outcome = run_leased(work, conductor.run(), conductor.stop)
    if conductor.first_frame_at is not None:
        arena_id = work.sides["left"].version.system.arena_id
        measures.FIRST_FRAME_S.observe(arena_id, seconds=conductor.first_frame_at - asked_at)
    return outcome


def _pace() -> Pace:
    return Pace(
        frame_s=settings.ARENA_FRAME_S,
        max_chars_per_s=settings.ARENA_MAX_CHARS_PER_S,
        retries=settings.ARENA_SIDE_RETRIES,
        backoff_s=systems.backoff_s,
    )


def _calls(work: TurnWork) -> Mapping[Side, Call]:
    return {side: _call(work, side) for side in work.sides}


def _call(work: TurnWork, side: Side) -> Call:
    one = work.sides[side]
    request, backend = _request(one), systems.backend_for(one.caller)
    if backend.capabilities.needs_own_process:
        return Call(relay.RelayedBackend(loop.redis_connection(), one.response_id), request)
    return Call(backend, request)


def _request(one: SideWork) -> GenerationRequest:
    return GenerationRequest(
        messages=one.messages,
        limits=systems.limits_for(one.caller),
        parameters=one.caller.parameters,
        seed=one.response_id,
        key=str(one.response_id),
        request_id=tracing.current(),
        requirement=one.requirement,
    )


async def _restart(work: TurnWork, side: Side, error: BackendError) -> tuple[TurnWork, Call]:
    def restart() -> tuple[TurnWork, Call]:
        try:
            again = endings.restart_side(work, side, error)
            return again, _call(again, side)
        finally:
            connection.close()

    return await asyncio.to_thread(restart)


@app.task(name=GENERATE_LOCAL)
def generate_local(response_id: int) -> None:
    """Compute one side of a turn in this process and relay its text, or that its clip is kept, to who waits for it."""
    job = generation.local_job(response_id)
    if job is None:
        return
    producer = relay.Producer(live.client(), response_id)
    close_old_connections()
    try:
        producer.run(clips.keeping(response_id, systems.iterate_local(job.caller, _request(job))))
        logger.info("response %s: computed here", response_id)
    except BackendError as error:
        logger.warning("response %s: %s", response_id, error.summary)
        producer.fail(type(error).__name__)
    except Exception:
        logger.exception("response %s: defect in a local system", response_id)
        producer.fail("ServerFailed")
