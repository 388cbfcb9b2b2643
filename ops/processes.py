"""One supervised child process: its own session, a log file, and an end when its parent ends."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_LIBC: Final = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(death_signal: int, parent: int) -> Callable[[], None]:
    """Return a hook for a child process: the kernel signals it when the supervisor is gone, even by `kill -9`.

    The kernel forgets the setting when the user id changes, so this must run after that, just before exec.
    """

    def hook() -> None:
        if _LIBC is not None:
            # A shell starts what runs in its background with SIGINT and SIGQUIT ignored, and children inherit that: a
            # program that has not come so far as to handle the signal would miss it.
            signal.signal(death_signal, signal.SIG_DFL)
            _LIBC.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
            if os.getppid() != parent:  # it died between fork and prctl
                os.kill(os.getpid(), signal.SIGKILL)

    return hook


class Child:
    """A child process in its own session, so that a terminal's Ctrl-C reaches the supervisor alone."""

    def __init__(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: int | None = None,
        group: int | None = None,
        stop_signal: int = signal.SIGTERM,
        death_signal: int = signal.SIGTERM,
        stdin: str | None = None,
    ) -> None:
        """Start the process.

        Args:
            name: what the supervisor calls it in its messages.
            argv: the command.
            log: the file that takes its output, appended to.
            env: the whole environment; None inherits.
            cwd: working directory.
            user: user id to drop to; None keeps ours.
            group: group id to drop to.
            stop_signal: asks for an orderly end.
            death_signal: what the kernel sends when the supervisor dies (Linux).
            stdin: text for its standard input, for settings that must not show in a process list.
        """
        self.name = name
        self.log = log
        self._stop_signal = stop_signal
        self._asked = False
        # A log may name what only the operator should read, such as the one-time login.
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with log.open("ab") as sink:
            self.log_start = sink.tell()
            self._process = subprocess.Popen(
                [str(part) for part in argv],
                stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                env=dict(env) if env is not None else None,
                cwd=cwd,
                user=user,
                group=group,
                extra_groups=[] if user is not None else None,
                start_new_session=True,
                preexec_fn=die_with_parent(death_signal, os.getpid()),  # noqa: PLW1509 - started from one thread
            )
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError), self._process.stdin as pipe:
                pipe.write((stdin or "").encode())

    @property
    def pid(self) -> int:
        """Process id, which is also its process group."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Exit code, negative for a signal, or None while it runs."""
        return self._process.poll()

    def ask_to_stop(self) -> None:
        """Ask for an orderly end, once: a second signal would cut a worker's warm shutdown short."""
        if not self._asked and self.exit_code is None:
            self._process.send_signal(self._stop_signal)
        self._asked = True

    def stop(self, timeout_s: float) -> int:
        """Ask for an orderly end, then kill what is left of its process group; return the exit code."""
        self.ask_to_stop()
        if self.exit_code is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout_s)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        return self._process.wait()

    def last_lines(self, number: int = 15) -> list[str]:
        """Return the end of what this run wrote to its log."""
        with self.log.open("rb") as source:
            source.seek(max(self.log_start, self.log.stat().st_size - 20_000))
            return source.read().decode(errors="replace").splitlines()[-number:]

    def how_it_ended(self) -> str:
        """Say how the process ended: an exit code or a signal's name."""
        code = self.exit_code
        if code is None:
            return "still running"
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def wait_until(ready: Callable[[], bool], *, timeout_s: float, every_s: float = 0.02) -> bool:
    """Poll until `ready` holds; False after `timeout_s` seconds."""
    end = time.monotonic() + timeout_s
    while not ready():
        if time.monotonic() > end:
            return False
        time.sleep(every_s)
    return True
