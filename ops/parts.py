"""The processes that make up a running arena, and their commands: one list, for the demo and for the tests."""

import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ops.processes import Child

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Part:
    """One process: how it is called, its log's name, its command, and the signal for an immediate end.

    `defaults` are variables for this part alone; what the environment says outweighs them.
    """

    name: str
    log: str
    argv: tuple[str, ...]
    death_signal: int = signal.SIGTERM
    grace_s: float = 10.0
    defaults: Mapping[str, str] = field(default_factory=dict)

    def start(self, var: Path, env: Mapping[str, str]) -> Child:
        """Start the process with its log under `VAR/log`."""
        return Child(
            self.name,
            self.argv,
            log=var / "log" / f"{self.log}.log",
            env={**self.defaults, **env},
            cwd=ROOT,
            death_signal=self.death_signal,
        )


#: Connections that a part with threads shares among them. A process that forks can have no pool.
_POOLED: Final = {"ARENA_DB_POOL_SIZE": "16"}


#: Few threads with tasks of all sizes: glibc would keep a heap for each, as large as the largest that ever ran there.
_ONE_HEAP: Final = {"MALLOC_ARENA_MAX": "1"}

#: Nobody listens to Celery's own events; a worker that has one to send waits for its broker even while it stops.
_NO_EVENTS: Final = ("--without-gossip", "--without-mingle", "--without-heartbeat")


def _celery(application: str, command: str) -> tuple[str, ...]:
    # Without --quiet it greets in plain text among the lines of the log.
    return (sys.executable, "-m", "celery", "-A", application, "--quiet", command)


def _worker(queue: str, *options: str, defaults: Mapping[str, str] | None = None) -> Part:
    # SIGTERM lets running tasks finish, SIGQUIT does not wait: right when the supervisor was killed.
    return Part(
        f"worker ({queue})",
        f"worker-{queue}",
        (*_celery("workers.app:app", "worker"), "-Q", queue, "-n", f"{queue}@%h", *_NO_EVENTS, *options),
        death_signal=signal.SIGQUIT,
        defaults=defaults or {},
    )


def web(port: int) -> Part:
    """Return the web server: HTTP and WebSockets on the loopback address.

    No access log and no line for a WebSocket: both would name the visitor's address. Forwarding headers are read by
    the arena's own rule for trusted proxies, so the server must leave them alone.
    """
    command = (sys.executable, "-m", "uvicorn", "arena.config.asgi:application", "--host", "127.0.0.1")
    options = (
        *("--port", str(port), "--no-access-log", "--log-level", "warning", "--no-server-header"),
        *("--no-proxy-headers", "--ws-per-message-deflate", "false", "--ws-max-size", "65536"),
        *("--http", "arena.config.protocol:PatientProtocol"),
        *("--lifespan", "off", "--timeout-graceful-shutdown", "5"),
    )
    return Part("web server", "web", (*command, *options), defaults=_POOLED)


def workers() -> list[Part]:
    """Return a worker for each kind of work: streams wait, local models compute, periodic jobs must not queue."""
    return [
        _worker("streams", "-P", "threads", "-c", "256", defaults=_POOLED),
        _worker("cpu", "-P", "prefork", "-c", "1"),
        _worker("periodic", "-P", "threads", "-c", "8", defaults=_ONE_HEAP),
    ]


def beat(var: Path) -> Part:
    """Return the clock that rings the periodic tasks."""
    schedule = str(var / "beat.schedule")
    return Part("beat", "beat", (*_celery("workers.clock:app", "beat"), "-s", schedule, "--pidfile", ""))
