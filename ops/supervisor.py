"""Start parts, watch them, stop them in order."""

import signal
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import NoReturn

from ops import ChildFailed
from ops.parts import Part
from ops.processes import Child
from ops.progress import Progress


class Stopped(BaseException):
    """Ctrl-C or SIGTERM. Not an Exception, so that nothing on the way takes it for an error."""


def stop_on_signals() -> None:
    """Raise `Stopped` at the first Ctrl-C or SIGTERM; later ones must not disturb the orderly end."""

    def handler(_number: int, _frame: FrameType | None) -> NoReturn:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        raise Stopped

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, handler)


class Supervisor:
    """The running parts."""

    def __init__(self, var: Path, progress: Progress) -> None:
        """Begin without any part."""
        self._var = var
        self._progress = progress
        self._running: list[tuple[Part, Child]] = []
        self._servers: list[Child] = []

    def watch(self, server: Child) -> None:
        """Watch a process that somebody else started and stops."""
        self._servers.append(server)

    def start(self, part: Part, env: Mapping[str, str]) -> None:
        """Start one part."""
        self._running.append((part, part.start(self._var, env)))

    def check(self) -> None:
        """Look whether every part lives.

        Raises:
            ChildFailed: one has ended; the message says which, how, and what it wrote last.
        """
        for child in (*self._servers, *(child for _part, child in self._running)):
            if child.exit_code is not None:
                self._report(child)

    def _report(self, child: Child, what: str = "ended by itself") -> NoReturn:
        lines = "\n".join(f"    {line}" for line in child.last_lines())
        raise ChildFailed(f"The {child.name} {what} ({child.how_it_ended()}). The last lines of {child.log}:\n{lines}")

    def run(self, part: Part, env: Mapping[str, str]) -> list[str]:
        """Run one part to its end, watching the others; return the end of its output.

        Raises:
            ChildFailed: it, or one of the others, failed.
        """
        child = part.start(self._var, env)
        try:
            while child.exit_code is None:
                self.check()
                time.sleep(0.05)
        finally:
            child.stop(5)
        if child.exit_code != 0:
            self._report(child, "failed")
        return child.last_lines()

    def forever(self) -> NoReturn:
        """Watch until a signal comes or a part fails."""
        while True:
            self.check()
            time.sleep(0.2)

    def stop(self) -> None:
        """Stop every part, the newest first; all are asked before one is waited for."""
        parts, self._running = list(reversed(self._running)), []
        if parts:
            self._progress.say(f"stopping {', '.join(part.name for part, _child in parts)}")
        for _part, child in parts:
            child.ask_to_stop()
        for part, child in parts:
            child.stop(part.grace_s)
