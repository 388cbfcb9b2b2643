"""Workers and beat speak like the rest of the arena: the same log lines, under the request id of the message."""

from typing import Any

from celery.signals import beat_init, celeryd_init, setup_logging, task_prerun

from arena.common import tracing
from arena.common.queue import REQUEST_ID
from arena.config import logs

logs.log_uncaught()


@setup_logging.connect
def keep_logging(**_signal: Any) -> None:
    """Django has set logging up; a receiver of this signal keeps Celery from doing it again."""


@celeryd_init.connect
def name_worker(options: dict[str, Any], **_signal: Any) -> None:
    """A worker is called by its queue."""
    queues = options.get("queues") or ()
    logs.name_process(f"worker:{queues if isinstance(queues, str) else ','.join(queues)}")


@beat_init.connect
def name_beat(**_signal: Any) -> None:
    """The clock has no queue."""
    logs.name_process("beat")


@task_prerun.connect
def take_up(task: Any, **_signal: Any) -> None:
    """Take up the id of the request that rang for the task; what is no id is written nowhere."""
    given = str(task.request.get(REQUEST_ID) or "")
    tracing.adopt(given if tracing.is_valid(given) else "")
