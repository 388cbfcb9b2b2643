"""Numbers of a benchmark: percentiles, and what processes cost."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that `percent` of the values do not exceed (nearest rank); 0 without values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else 0.0


def family(pid: int) -> list[psutil.Process]:
    """A process and everything below it. Looks at every process of the machine: ask once, and keep the answer."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def cpu_s(family: Sequence[psutil.Process]) -> float:
    """CPU seconds that these processes have used."""
    total = 0.0
    for process in family:
        try:
            times = process.cpu_times()
            total += times.user + times.system
        except psutil.NoSuchProcess:
            continue
    return total


def waited_s(family: Sequence[psutil.Process]) -> float:
    """Seconds that the threads of these processes were ready to run and had no processor (Linux; elsewhere 0)."""
    waited_ns = 0
    for process in family:
        for path in Path(f"/proc/{process.pid}/task").glob("*/schedstat"):
            with suppress(OSError):
                waited_ns += int(path.read_text().split()[1])
    return waited_ns / 1e9


def memory_mb(family: Sequence[psutil.Process]) -> float:
    """Memory that belongs to each of these processes alone, in MB (USS); one that has ended has none."""
    total = 0.0
    for process in family:
        with suppress(psutil.NoSuchProcess):
            total += process.memory_full_info().uss
    return total / 1e6


def descriptors(family: Sequence[psutil.Process]) -> int:
    """Open file descriptors of these processes; one that has ended has none."""
    total = 0
    for process in family:
        with suppress(psutil.NoSuchProcess):
            total += process.num_fds()
    return total


@dataclass
class CpuMeter:
    """CPU of named families of processes between two moments."""

    families: Mapping[str, Sequence[psutil.Process]]

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Begin to count anew."""
        self._at, self._used = time.perf_counter(), {name: cpu_s(family) for name, family in self.families.items()}
        self._waited = {name: waited_s(family) for name, family in self.families.items()}

    def used_s(self) -> dict[str, float]:
        """CPU seconds of each since the start."""
        return {name: cpu_s(family) - self._used[name] for name, family in self.families.items()}

    def waited(self) -> dict[str, float]:
        """Of each second since the start, how much each waited for a processor: what neighbours took."""
        elapsed_s = time.perf_counter() - self._at
        return {
            name: round((waited_s(family) - self._waited[name]) / elapsed_s, 3)
            for name, family in self.families.items()
        }

    def cores(self) -> dict[str, float]:
        """Cores that each kept busy since the start."""
        elapsed_s = time.perf_counter() - self._at
        return {name: round(used / elapsed_s, 3) for name, used in self.used_s().items()}
