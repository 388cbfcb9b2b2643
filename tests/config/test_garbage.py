"""A process does not look for garbage when it ends. How often it does so at its start: `tests/workers/test_app.py`."""

import subprocess
import sys

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


def test_nothing_is_searched_when_a_process_ends() -> None:
    assert _run(_END) == "searched\n"
    assert _run("import arena.config" + _END) == ""
