"""Run the test suite in its phases, and end with the summary of each.

Many tests wait for a server or a deadline, so the unit phase has a process more than a small machine has cores. The
stack phase starts whole arenas and a browser, and waits even more; four processes share it, arena by arena.
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
_PYTEST: Final = (sys.executable, "-m", "pytest")
# pytest's "no tests were collected", which an empty selection may be.
_NOTHING_COLLECTED: Final = 5


@dataclass(frozen=True, slots=True)
class Phase:
    """One command of the suite."""

    name: str
    argv: tuple[str, ...]
    cwd: Path = ROOT


FRONTEND: Final = Phase("front end", ("npm", "test", "--silent"), ROOT / "frontend")
# In contiguous parts, so that fixtures of a module are made once; a process that has finished takes over from others.
UNIT: Final = Phase("python", (*_PYTEST, "-q", "-n", "3", "--dist", "worksteal", "-m", "not stack and not e2e"))
# In the units and the order that tests/conftest.py gives them.
_BY_ARENA: Final = ("-q", "-n", "4", "--dist", "loadgroup", "--no-loadscope-reorder")
STACK: Final = Phase(
    "stack and browser",
    (*_PYTEST, *_BY_ARENA, "--durations=20", "-m", "stack or e2e"),
)
PHASES: Final = {"unit": (FRONTEND, UNIT), "all": (FRONTEND, UNIT, STACK)}


def run(phase: Phase) -> tuple[bool, str]:
    """Run one phase, passing its output on; return whether it passed, and its last line."""
    env = os.environ | {"NO_COLOR": "1", "FORCE_COLOR": "0"}
    last = ""
    with subprocess.Popen(
        phase.argv, cwd=phase.cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            last = line.strip() or last
    return process.returncode in (0, _NOTHING_COLLECTED), last


def main(phases: Sequence[Phase]) -> int:
    """Run the phases, all of them even when one fails; 1 when any failed."""
    summary = []
    failed = False
    for phase in phases:
        started = time.monotonic()
        passed, last = run(phase)
        failed |= not passed
        word = "passed" if passed else "FAILED"
        summary.append(f"{phase.name}: {word} in {time.monotonic() - started:.0f} s: {last}")
    print("\n" + "\n".join(summary), flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(PHASES[sys.argv[1]]))
