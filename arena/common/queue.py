"""The doorbell: Celery messages that carry ids. State lives in PostgreSQL, so a lost or doubled message harms nothing.

Tasks are named here and registered in `workers`; nothing below `workers` imports a task.
"""

import logging
import time
from dataclasses import dataclass
from typing import Any, Final

from celery import Celery
from django.conf import settings
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from arena.common import connections, tracing

logger = logging.getLogger(__name__)

#: The header of a message that carries the request id.
REQUEST_ID: Final = "request_id"

#: How long a process leaves a broker alone that did not answer: a request never waits for it twice in a row.
SILENT_AFTER_FAILURE_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Doorbell:
    """Where a task goes.

    Attributes:
        queue: its queue.
        coalesce: one ring serves any number of requests, so it waits for the next sweep.
        limit_s: its process is killed when it has run for so long; for pools of processes, whose children a stuck
            library would keep for ever.
    """

    queue: str
    coalesce: bool = False
    limit_s: int | None = None


GENERATE_TURN: Final = "arena.generate_turn"
GENERATE_LOCAL: Final = "arena.generate_local"
PREPARE_CLIPS: Final = "arena.prepare_clips"
REFRESH_BOARD: Final = "arena.refresh_board"
TRY_LOCAL: Final = "arena.try_local"
TRY_STREAMED: Final = "arena.try_streamed"
RUN_JOB: Final = "arena.run_job"
BUILD_SHARD: Final = "arena.build_shard"
REVISE_RELEASES: Final = "arena.revise_releases"
SWEEP: Final = "arena.sweep"
#: How often beat rings for it.
SWEEP_EVERY_S: Final = 2.0

#: Longer than a shard or an answer takes on a slow machine, shorter than until the broker delivers a message again.
#: Whoever knows how long an answer may take says so when ringing.
_STUCK_S: Final = 3000

DOORBELLS: Final[dict[str, Doorbell]] = {
    GENERATE_TURN: Doorbell("streams"),
    GENERATE_LOCAL: Doorbell("cpu", limit_s=_STUCK_S),
    PREPARE_CLIPS: Doorbell("cpu", limit_s=300),
    REFRESH_BOARD: Doorbell("periodic", coalesce=True),
    TRY_LOCAL: Doorbell("cpu", limit_s=300),
    TRY_STREAMED: Doorbell("streams"),
    RUN_JOB: Doorbell("periodic"),
    BUILD_SHARD: Doorbell("cpu", limit_s=_STUCK_S),
    REVISE_RELEASES: Doorbell("periodic", coalesce=True),
    SWEEP: Doorbell("periodic"),
}


def make_app(broker_url: str, fixups: list[str] | None = None) -> Celery:
    """The Celery application for a broker. `fixups`: what it does for frameworks; None: what Celery knows."""
    application = Celery("arena", broker=broker_url, fixups=fixups)
    application.conf.update(
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        task_routes={name: {"queue": doorbell.queue} for name, doorbell in DOORBELLS.items()},
        task_default_queue="streams",
        broker_connection_retry_on_startup=True,
        # Each sender holds two connections: one says hello, the other sends.
        broker_pool_limit=settings.ARENA_REDIS_POOL_SIZE // 2,
        # A worker waits for its broker as long as it takes: giving up would need somebody to start it again.
        broker_connection_max_retries=None,
        worker_consumer="workers.consumer:Consumer",
        beat_scheduler="workers.scheduler:Scheduler",
        broker_transport_options={
            "client_name": connections.name_of("messages"),
            # A redelivery finds the lease taken, so this only has to outlast the longest turn.
            "visibility_timeout": 3600,
            "socket_connect_timeout": 1.0,
            "socket_timeout": 5.0,
            "socket_keepalive": True,
            # A request must not wait for a broker that is away: one try, the sweep does the rest.
            "max_retries": 0,
            "interval_start": 0,
            "interval_step": 0,
            "interval_max": 0,
        },
        worker_hijack_root_logger=False,
        timezone="UTC",
    )
    return application


app = make_app(settings.CELERY_BROKER_URL)


class _Broker:
    """Remembers when the broker failed last."""

    silent_until = 0.0


def ring(task: str, *args: Any, limit_s: int | None = None) -> bool:
    """Send one task now; False where the broker does not take it (the sweep rings again).

    `limit_s`: see `Doorbell`, for this run alone.
    """
    if time.monotonic() < _Broker.silent_until:
        return False
    try:
        app.send_task(
            task,
            args=args,
            queue=DOORBELLS[task].queue,
            time_limit=limit_s or DOORBELLS[task].limit_s,
            headers={REQUEST_ID: tracing.current()},
            retry=False,
            ignore_result=True,
        )
    except (OperationalError, RedisError, ConnectionError) as error:
        _Broker.silent_until = time.monotonic() + SILENT_AFTER_FAILURE_S
        logger.warning("broker unavailable, %s waits for the sweep: %s", task, type(error).__name__)
        return False
    return True
