"""PostgreSQL and Valkey for one test run: `python -m ops.keeper RUN_DIR PID`, gone when process PID is gone.

The keeper is a process of its own because the first pytest worker that needs a database starts it, and that worker may
end before the others do. It deletes RUN_DIR at the end.
"""

import contextlib
import os
import shutil
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from ops import OpsError
from ops.homes import home, service_user
from ops.services import Postgres, Valkey

FAILED = "failed"
READY = "ready"
PID = "keeper.pid"


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def keep(run_dir: Path, pid: int) -> int:
    """Run both servers while process `pid` lives; return the exit code."""
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    (run_dir / PID).write_text(str(os.getpid()))
    services: list[Postgres | Valkey] = [Postgres(run_dir, durable=False), Valkey(run_dir)]
    try:
        for service in services:
            service.start()
        (run_dir / READY).touch()
        while _alive(pid):
            time.sleep(0.3)
    except OpsError as error:
        (run_dir / FAILED).write_text(str(error))
        return 1
    finally:
        for service in reversed(services):
            service.stop()
        if not (run_dir / FAILED).exists():
            _delete(run_dir)
    return 0


def _delete(run_dir: Path) -> None:
    for path in (home(run_dir, service_user()), run_dir):
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(path)


if __name__ == "__main__":
    sys.exit(keep(Path(sys.argv[1]), int(sys.argv[2])))
