"""The workers' application: `celery -A workers.app:app worker -Q streams|cpu|periodic`. The clock has its own."""

import os
from importlib import import_module
from typing import Any, Final

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "arena.config.settings")
# Celery would run Django's checks, which load every page of the site, and look at no answer.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

import django

django.setup()

from celery.signals import beat_embedded_init, beat_init, celeryd_init  # noqa: E402

from arena.common.queue import app  # noqa: E402
from workers import heartbeats, stopping, tracing  # noqa: E402

#: By queue, the modules of its tasks. A worker loads those of its queues: streams wait for no mathematics.
MODULES: Final[dict[str, tuple[str, ...]]] = {
    "streams": ("generation", "trials"),
    "cpu": ("generation", "preparing", "shards", "trials"),
    "periodic": ("jobs", "periodic", "releases"),
}


@celeryd_init.connect
def load_tasks(options: dict[str, Any], **_signal: Any) -> None:
    """Load the tasks of these queues; all, where none are named."""
    queues = options.get("queues") or tuple(MODULES)
    for queue in queues.split(",") if isinstance(queues, str) else queues:
        for module in MODULES[queue]:
            import_module(f"workers.{module}")


@beat_init.connect
@beat_embedded_init.connect
def refuse_to_be_the_clock(**_signal: Any) -> None:
    """A beat of this application would look alive and ring nothing."""
    raise SystemExit("This application has no schedule. Start the clock with `celery -A workers.clock:app beat`.")


__all__ = ["app", "heartbeats", "stopping", "tracing"]
