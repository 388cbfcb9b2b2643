"""What a process spends on looking for garbage: next to nothing at its start, nothing at its end."""

import subprocess
import sys

import pytest

from tests.environment import ROOT

_END = """
class Cycle:
    def __init__(self):
        self.itself = self
    def __del__(self):
        print("searched")
Cycle()
"""


def _run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("loads", ["import workers.app", "import workers.clock", "import arena.config.asgi"])
def test_a_start_looks_for_garbage_a_few_times_instead_of_hundreds(loads: str) -> None:
    times = int(_run(f"import gc; {loads}; print(gc.get_stats()[0]['collections'])"))
    assert times < 80


def test_nothing_is_searched_when_a_process_ends() -> None:
    assert _run(_END) == "searched\n"
    assert _run("import arena.config" + _END) == ""
