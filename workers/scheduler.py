"""How beat waits for a broker that is away."""

from typing import Any

from celery.beat import PersistentScheduler

from workers.consumer import RECONNECT_S


class Scheduler(PersistentScheduler):
    """Celery's scheduler, which asks for the broker once a second, for ever; its own waits up to 30 s at last.

    Beat asks only once it is up: where the broker stops later, it goes on, and its messages fail one by one.
    """

    def _ensure_connected(self) -> Any:
        return self.connection.ensure_connection(interval_start=RECONNECT_S, interval_step=0, interval_max=RECONNECT_S)
