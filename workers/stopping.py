"""A worker that is asked to stop begins at once, and its children leave without a rest."""

import os
import signal
import socket
from typing import Any

from celery import bootsteps
from celery.signals import worker_process_shutdown

from arena.common.queue import app
from workers import heartbeats


class HearSignals(bootsteps.StartStopStep):
    """A signal ends the wait of the worker's event loop, which would look up within a second by itself.

    A step of the worker, so that each loop is given the socket, that after a lost connection too.
    """

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self._heard, self._told = socket.socketpair()
        self._heard.setblocking(False)
        self._told.setblocking(False)

    def register_with_event_loop(self, _worker: Any, hub: Any) -> None:
        """Let the interpreter write to one socket at each signal, and the loop wait for the other."""
        signal.set_wakeup_fd(self._told.fileno(), warn_on_full_buffer=False)
        hub.add_reader(self._heard, self._heard.recv, 4096)


@worker_process_shutdown.connect
def leave(exitcode: int, **_signal: Any) -> None:
    """End a child of the pool, whose results have been read by now (`billiard` sees to that before).

    It would wait another second for its parent to kill it, which a parent that stops never does.
    """
    heartbeats.stop()
    os._exit(exitcode)


app.steps["worker"].add(HearSignals)
