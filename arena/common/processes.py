"""What a long-running process says about itself every few seconds: that it lives, its gauges, what it counted.

One thread per process does it, so that a busy pool does not look dead. Many processes may serve one queue: `Heartbeat`
tells when the last of them was heard, `ProcessReport` has a row for each.
"""

import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

from django.db import Error, connection
from django.db.models.functions import Now

from arena.common import heartbeat, metrics
from arena.common.models import ProcessReport

logger = logging.getLogger(__name__)

#: A process that said nothing for so long is forgotten.
FORGET_AFTER_S: Final = 600.0


class Reporter:
    """Reports on this process from a thread of its own.

    Args:
        kind: what the process is: `web`, `worker:streams`.
        beats: the parts whose heartbeat it keeps up.
    """

    def __init__(self, kind: str, beats: Sequence[str] = ()) -> None:
        self._kind = kind
        self._beats = tuple(beats)
        # Containers like to give every process the same number.
        self._id = f"{kind}@{socket.gethostname()[:80]}:{os.getpid()}:{secrets.token_hex(3)}"
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="arena-reporter", daemon=True)

    def start(self) -> None:
        """Begin; the first report goes out at once."""
        self._thread.start()

    def stop(self) -> None:
        """Send what is left, and take this process off the list."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(heartbeat.PERIOD_S)

    def _run(self) -> None:
        while True:
            self._try(self.tell)
            if self._stopped.wait(heartbeat.PERIOD_S):
                break
        self._try(self._leave)

    def _try(self, say: Callable[[], None]) -> None:
        try:
            say()
        except Error as error:
            logger.warning("no report of this process: %s", type(error).__name__)
        finally:
            connection.close()

    def tell(self) -> None:
        """One report. Raises Error where the database is away."""
        # Before this thread takes a connection of its own.
        gauges = {gauge.name: gauge.read() for gauge in metrics.GAUGES.values()}
        for name in self._beats:
            heartbeat.beat(name)
        ProcessReport.objects.bulk_create(
            [ProcessReport(id=self._id, kind=self._kind, gauges=gauges)],
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=["gauges", "beat_at"],
        )
        metrics.flush()

    def _leave(self) -> None:
        metrics.flush()
        ProcessReport.objects.filter(id=self._id).delete()


def alive() -> list[ProcessReport]:
    """The processes that said something lately, by the database's clock, in order of their kind."""
    lately = Now() - timedelta(seconds=heartbeat.STALE_S)
    return list(ProcessReport.objects.filter(beat_at__gt=lately).order_by("kind", "started_at"))


def forget_dead() -> None:
    """Delete what processes said that were killed; for the sweep."""
    ProcessReport.objects.filter(beat_at__lt=Now() - timedelta(seconds=FORGET_AFTER_S)).delete()
