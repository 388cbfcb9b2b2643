"""A stop waits for nothing but the work: each test would last as long as what it no longer waits for.

How a child leaves is asked in `test_app`, of a process that has loaded what a worker loads.
"""

import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest
from kombu.asynchronous import Hub
from kombu.asynchronous.timer import Timer

from workers import app
from workers.stopping import HearSignals

#: How long the loop waits where nothing happens and nothing is due soon, in seconds.
_PATIENCE_S = 10


@pytest.fixture
def handled() -> Iterator[list[int]]:
    """The signals that came, none of which ends the tests."""
    came: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, _frame: came.append(number))
    yield came
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGUSR1, before)


def test_a_signal_ends_the_wait_of_the_event_loop_after_a_lost_connection_too(handled: list[int]) -> None:
    step, hub = HearSignals(None), Hub(timer=Timer(max_interval=_PATIENCE_S))
    for times in (1, 2):
        hub.reset()
        step.register_with_event_loop(None, hub)
        hub.call_later(2 * _PATIENCE_S, lambda: None)
        began = time.monotonic()
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        loop = hub.create_loop()
        while len(handled) < times:
            next(loop)
        assert time.monotonic() - began < _PATIENCE_S / 2
    hub.close()


def test_every_worker_hears_signals() -> None:
    assert HearSignals in app.app.steps["worker"]
