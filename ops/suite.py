"""Run the test suite in its phases, and end with the summary of each.

Many tests wait for a server or a deadline, so both phases have one process more than a small machine has cores. The
second starts whole arenas and a browser; where it waits, the front end's tests compute.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
# pytest's "no tests were collected", which an empty selection may be.
_NOTHING_COLLECTED: Final = 5
#: In containers it often holds 64 MB, or runs no program: then it is not used.
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - every user's own folders are made below it
_ENOUGH_BYTES: Final = 4 * 1024**3


@dataclass(frozen=True, slots=True)
class Phase:
    """One command of the suite."""

    name: str
    argv: tuple[str, ...]
    cwd: Path = ROOT
    #: Whether its temporary files, the servers' own among them, lie in memory where there is room.
    in_memory: bool = False


# It has no deadlines: whatever the phase beside it asks for comes first.
FRONTEND: Final = Phase("front end", ("nice", "-n", "10", "npm", "test", "--silent"), ROOT / "frontend")
# In the units and the order that tests/conftest.py gives them: what a module or an arena shares is made once.
_PYTEST: Final = (
    *(sys.executable, "-m", "pytest"),
    *("-q", "-n", "3", "--dist", "loadgroup", "--no-loadscope-reorder"),
)
UNIT: Final = Phase("python", (*_PYTEST, "-m", "not stack and not e2e"), in_memory=True)
STACK: Final = Phase("stack and browser", (*_PYTEST, "--durations=20", "-m", "stack or e2e"))
#: One step after the other; the phases of a step run at the same time, and the last of them shows its progress.
STEPS: Final = {"unit": ((FRONTEND, UNIT),), "all": ((UNIT,), (FRONTEND, STACK))}


@dataclass(frozen=True, slots=True)
class Result:
    """How a phase ended."""

    phase: Phase
    passed: bool
    took_s: float
    last: str

    def __str__(self) -> str:
        word = "passed" if self.passed else "FAILED"
        return f"{self.phase.name}: {word} in {self.took_s:.0f} s: {self.last}"


@contextmanager
def memory() -> Iterator[dict[str, str]]:
    """A folder for temporary files in memory, as `TMPDIR`; nothing where somebody chose, or there is too little of it.

    On some disks a new file takes forty times as long. At its end the phase has half a gigabyte of them; they go then.
    """
    if "TMPDIR" in os.environ or not _has_room(_MEMORY):
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="arena-suite-", dir=_MEMORY, ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)  # the servers' user must get through
        yield {"TMPDIR": folder}


def _has_room(folder: Path) -> bool:
    if not os.access(folder, os.W_OK | os.X_OK):
        return False
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize >= _ENOUGH_BYTES and not found.f_flag & os.ST_NOEXEC


def run(phase: Phase, *, at_once: bool = True) -> Result:
    """Run one phase and pass its output on, at once or in one piece at its end."""
    started, said = time.monotonic(), []
    temporary: AbstractContextManager[dict[str, str]] = memory() if phase.in_memory else nullcontext({})
    with (
        temporary as where,
        subprocess.Popen(
            phase.argv,
            cwd=phase.cwd,
            env=os.environ | {"NO_COLOR": "1", "FORCE_COLOR": "0"} | where,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
    ):
        for line in process.stdout or ():
            said.append(line)
            if at_once:
                print(line, end="", flush=True)
    if not at_once:
        print("".join(said), end="", flush=True)
    passed = process.returncode in (0, _NOTHING_COLLECTED)
    last = next((line.strip() for line in reversed(said) if line.strip()), "")
    return Result(phase, passed, time.monotonic() - started, last)


def main(steps: Sequence[Sequence[Phase]]) -> int:
    """Run the steps, all of them even when one fails; 1 when any failed."""
    results: list[Result] = []
    for *aside, longest in steps:
        with ThreadPoolExecutor() as pool:
            beside = [pool.submit(run, phase, at_once=False) for phase in aside]
            last = run(longest)
            results += [*(one.result() for one in beside), last]
    print("\n" + "\n".join(map(str, results)), flush=True)
    return int(not all(result.passed for result in results))


if __name__ == "__main__":
    sys.exit(main(STEPS[sys.argv[1]]))
