"""How much memory a call takes at its peak, as Linux counts it."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def with_added_mb(work: Callable[[], T]) -> tuple[T, float]:
    """What a call returns, and the MB of its peak above what this process held before."""
    before = _status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak starts anew
    found = work()
    return found, (_status("VmHWM") - before) / 1e3


def _status(name: str) -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return float(next(line for line in lines if line.startswith(name)).split()[1])
