"""Every worker process tells PostgreSQL that it lives and what it counted, whatever its tasks are doing."""

from typing import Any

from celery.signals import worker_process_init, worker_ready, worker_shutdown

from arena.common.processes import Reporter

_reporters: list[Reporter] = []


def _report(kind: str, beats: list[str]) -> None:
    reporter = Reporter(kind, beats)
    _reporters.append(reporter)
    reporter.start()


@worker_ready.connect
def start(sender: Any, **_signal: Any) -> None:
    """Report as the worker of its queues."""
    queues = sorted(one.name for one in sender.task_consumer.queues) if sender.task_consumer else []
    _report(f"worker:{','.join(queues)}", [f"worker:{name}" for name in queues])


@worker_process_init.connect
def start_child(**_signal: Any) -> None:
    """A forked child counts for itself. It keeps up no heartbeat: its parent consumes the queue."""
    _reporters.clear()
    _report("child", [])


@worker_shutdown.connect
def stop(**_signal: Any) -> None:
    """Say goodbye; a child does so in `workers.stopping`."""
    while _reporters:
        _reporters.pop().stop()
