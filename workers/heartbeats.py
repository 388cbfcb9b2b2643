"""Every worker process tells PostgreSQL that it lives, whatever its tasks are doing."""

import logging
import threading
from typing import Any

from celery.signals import worker_ready, worker_shutdown
from django.db import Error, connection

from arena.common import heartbeat

logger = logging.getLogger(__name__)
_stopped = threading.Event()


@worker_ready.connect
def start(sender: Any, **_signal: Any) -> None:
    """Beat from a thread of its own, so that a busy pool does not look dead."""
    queues = sorted(sender.task_consumer.queues, key=lambda one: str(one.name)) if sender.task_consumer else []
    names = [f"worker:{one.name}" for one in queues]
    threading.Thread(target=_beat, args=(names,), name="arena-heartbeat", daemon=True).start()


@worker_shutdown.connect
def stop(**_signal: Any) -> None:
    """Stop beating."""
    _stopped.set()


def _beat(names: list[str]) -> None:
    while True:
        try:
            for name in names:
                heartbeat.beat(name)
        except Error as error:
            logger.warning("no heartbeat: %s", type(error).__name__)
        finally:
            connection.close()
        if _stopped.wait(heartbeat.PERIOD_S):
            return
