"""A stop waits for nothing but the work: each test would last as long as what it no longer waits for."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from kombu.asynchronous import Hub
from kombu.asynchronous.timer import Timer

from tests.environment import ROOT
from workers import app
from workers.stopping import HearSignals

#: How long the loop waits where nothing happens and nothing is due soon, in seconds.
_PATIENCE_S = 10
_LEAVE = """
import os
from celery.concurrency.prefork import process_destructor
from workers import app
for code in (0, 155):
    if not os.fork():
        process_destructor(0, code)
        print("stayed", flush=True)
    print(os.waitstatus_to_exitcode(os.wait()[1]), flush=True)
"""


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


def test_a_child_leaves_with_its_code_as_soon_as_its_results_are_read() -> None:
    done = subprocess.run([sys.executable, "-c", _LEAVE], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["0", "155"], done.stderr
