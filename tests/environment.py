"""The environment of a test run, decided before Django reads its settings.

The addresses of PostgreSQL and Valkey are fixed here; the servers start when the first test needs one.
Under xdist the controller prepares, the workers inherit, and one lock lets a single worker start the servers.
TEST_DATABASE_URL and TEST_REDIS_URL name servers of your own instead, the first with a role that may create databases
and, because tables are emptied past their triggers, set `session_replication_role`.
"""

import atexit
import contextlib
import fcntl
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from ops.keeper import FAILED, PID, READY
from ops.processes import wait_until
from ops.services import DATABASE, Postgres, Valkey

ROOT = Path(__file__).resolve().parents[1]
_RUN = "ARENA_TEST_RUN"
_DEPLOYMENT = (
    *("ARENA_PRIVATE_", "ARENA_STORAGE", "ARENA_LIMITS", "ARENA_MAX_", "ARENA_TRUSTED_", "ARENA_MODERATION_"),
    *("ARENA_DAILY_", "ARENA_BREAKER", "ARENA_ADMIN_"),
)
_started: list[subprocess.Popen[bytes]] = []


def prepare() -> None:
    """Set the variables of the run, once per process tree."""
    # Some images forbid bytecode; every process of a run would compile Django anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    if _RUN not in os.environ:
        _prepare_run()
    elif os.environ["ARENA_TEST_PID"] != str(os.getpid()):
        # A worker of xdist, whose name is not known yet when the settings are read: it takes the next database.
        base = os.environ["REDIS_URL"].partition("?")[0]
        os.environ["REDIS_URL"] = f"{base}?db={_next_database(Path(os.environ[_RUN]))}"


def _next_database(run_dir: Path) -> int:
    """A Valkey database that nobody else in the run has; the controller's is 0."""
    for number in range(1, 16):
        try:
            _claim(run_dir, number).touch(exist_ok=False)
        except FileExistsError:
            continue
        return number
    raise RuntimeError("Valkey has 16 databases: run with fewer test workers")


def _claim(run_dir: Path, number: int) -> Path:
    return run_dir / f"database-{number}"


def claim_database() -> int:
    """A Valkey database for a stack of its own: two stacks on one broker would take each other's tasks."""
    return _next_database(Path(os.environ[_RUN]))


@contextlib.contextmanager
def run_lock(name: str) -> Iterator[None]:
    """One process of the run at a time."""
    with (Path(os.environ[_RUN]) / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def first_alone(name: str, meanwhile: Callable[[], None]) -> Iterator[None]:
    """The first process of the run by itself; the others do what there is to do meanwhile, and then go on together."""
    with (Path(os.environ[_RUN]) / f"{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            meanwhile()
            fcntl.flock(lock, fcntl.LOCK_SH)
        yield


def release_database(number: int) -> None:
    """Give a claimed database back; the caller has emptied it."""
    _claim(Path(os.environ[_RUN]), number).unlink()


def _prepare_run() -> None:
    run_dir = Path(tempfile.mkdtemp(prefix="arena-test-"))
    run_dir.chmod(0o711)  # the servers' user must get through
    own = os.getpid()
    atexit.register(lambda: end_run(run_dir) if os.getpid() == own else None)
    os.environ.update(
        {
            _RUN: str(run_dir),
            "ARENA_TEST_PID": str(own),
            "ARENA_DEBUG": "0",
            "ARENA_HTTPS": "0",
            "ARENA_SECRET_KEY": secrets.token_urlsafe(50),
            "ARENA_VAR": str(run_dir),
            "DATABASE_URL": os.environ.get("TEST_DATABASE_URL") or Postgres(run_dir).url,
            "REDIS_URL": os.environ.get("TEST_REDIS_URL") or Valkey(run_dir).url,
            # As where the site runs: the threads of processes that share few cores wait for each other.
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
        }
    )
    # Whatever else the developer's shell sets would change what the tests see.
    for name in [name for name in os.environ if name.startswith(("OPENAI_", *_DEPLOYMENT))]:
        os.environ.pop(name)


def ensure_services() -> None:
    """Start PostgreSQL and Valkey unless they run, or the run uses servers of its own.

    Raises:
        RuntimeError: they cannot be started; the message says why.
    """
    if os.environ.get("TEST_DATABASE_URL") and os.environ.get("TEST_REDIS_URL"):
        return
    run_dir = Path(os.environ[_RUN])
    with run_lock("services"):
        if not (run_dir / PID).exists():
            command = [sys.executable, "-m", "ops.keeper", str(run_dir), os.environ["ARENA_TEST_PID"]]
            _started.append(subprocess.Popen(command, cwd=ROOT, start_new_session=True))
            if os.environ["ARENA_TEST_PID"] != str(os.getpid()):
                # The controller of a parallel run ends them: no warning that this process leaves them behind.
                atexit.register(setattr, _started[-1], "returncode", 0)
            wait_until(lambda: (run_dir / READY).exists() or (run_dir / FAILED).exists(), timeout_s=90)
            if (run_dir / READY).exists():
                _prepare_role(Postgres(run_dir))
    if (run_dir / FAILED).exists():
        raise RuntimeError((run_dir / FAILED).read_text())
    if not (run_dir / READY).exists():
        raise RuntimeError(f"the test services did not start; see {run_dir}/log")


def _prepare_role(server: Postgres) -> None:
    """Let the role of the tests empty tables, and connect without the 4,096 rounds that slow down who guesses."""
    password = sql.Literal(conninfo_to_dict(server.url)["password"])
    with psycopg.connect(server.admin_url()) as connection:
        connection.execute(f"GRANT SET ON PARAMETER session_replication_role TO {DATABASE}")
        connection.execute("SET scram_iterations TO 1")
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(DATABASE), password))


def end_run(run_dir: Path) -> None:
    """Stop the services of the run and delete its folder."""
    if (run_dir / PID).exists():
        pid = int((run_dir / PID).read_text())
        try:
            os.kill(pid, 15)
        except ProcessLookupError:
            pass
        else:
            for process in _started:
                process.wait(40)
            wait_until(lambda: not (run_dir / PID).exists(), timeout_s=40)
    shutil.rmtree(run_dir, ignore_errors=True)
