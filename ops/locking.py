"""One supervisor per folder."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from ops import AlreadyRunning


@contextlib.contextmanager
def only_one(var: Path) -> Iterator[None]:
    """Hold the folder's lock. The kernel drops it with the process, so nothing is stale after a crash.

    Raises:
        AlreadyRunning: another process holds it.
    """
    var.mkdir(parents=True, exist_ok=True)
    with (var / "demo.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise AlreadyRunning(
                f"A demo already runs on {var} (process {lock.read().strip() or 'unknown'}). "
                "Stop it, or give this one a folder of its own: make demo VAR=var2"
            ) from None
        lock.seek(0)
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        yield
