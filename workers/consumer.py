"""How a worker waits for a broker that is away."""

from functools import partial
from typing import Any, Final

from celery.worker import consumer

#: Celery waits two seconds longer after each failure, up to 30: after half a minute without a broker, nobody would
#: take a task for another twelve seconds.
RECONNECT_S: Final = 1


class Consumer(consumer.Consumer):
    """Celery's consumer, which asks for the broker once a second."""

    def ensure_connected(self, conn: Any) -> Any:
        """Connect, however long it takes."""
        conn.ensure_connection = partial(conn.ensure_connection, interval_start=RECONNECT_S, interval_max=RECONNECT_S)
        return super().ensure_connected(conn)
