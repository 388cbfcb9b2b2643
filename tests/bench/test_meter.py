"""Whose CPU a benchmark counts."""

import os
import subprocess
import time
from typing import Any

import psutil

from tests.bench.figures import family
from tests.bench.loaded_arena import LoadedArena


def _busy(seconds: float) -> None:
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


def test_the_load_generator_is_not_charged_with_the_parts_that_it_started() -> None:
    part = subprocess.Popen(["sleep", "60"])
    try:
        stack: Any = None
        meter = LoadedArena(stack, 0, 0, {"part": family(part.pid)}).meter(generator=os.getpid())
        assert meter.families["generator"] == [psutil.Process(os.getpid())]
        assert meter.families["part"] == [psutil.Process(part.pid)]
        _busy(0.2)
        used = meter.used_s()
        assert used["generator"] >= 0.1
        assert used["part"] < used["generator"]
    finally:
        part.kill()
        part.wait()
