"""The supervisor behind `make demo`: servers, schema, systems, web server, workers, beat; then watch; then stop."""

import argparse
import http.client
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import psycopg
import redis

from ops import OpsError
from ops.environment import SERVERS, site_environment
from ops.locking import only_one
from ops.parts import ROOT, Part, beat, web, workers
from ops.processes import die_with_parent, wait_until
from ops.progress import Progress
from ops.services import Postgres, Valkey
from ops.supervisor import Stopped, Supervisor, stop_on_signals
from ops.variables import given

HOST: Final = "127.0.0.1"
FIRST_PORT: Final = 8000
_READY_S: Final = 180.0
DEMO_SYSTEMS: Final = (ROOT / "ops" / "demo_systems.yaml", ROOT / "ops" / "demo_music.yaml")


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line said. `port` None: 8000 or the next free one."""

    var: Path
    port: int | None
    systems: tuple[Path, ...]
    started: float | None


def is_free(port: int) -> bool:
    """Say whether a server could listen on the loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def choose_port(wanted: int | None) -> int:
    """Return the port that was asked for, or the first free one from 8000 up.

    Raises:
        OpsError: the port that was asked for is taken.
    """
    if wanted is None:
        return next(port for port in range(FIRST_PORT, FIRST_PORT + 1000) if is_free(port))
    if not is_free(wanted):
        raise OpsError(f"Port {wanted} is taken. Choose another (make demo PORT={wanted + 1}), or leave PORT out.")
    return wanted


class Demo:
    """One run of the demo."""

    def __init__(self, options: Options, progress: Progress) -> None:
        """Plan the run; nothing is started."""
        self._options = options
        self._progress = progress
        self._supervisor = Supervisor(options.var, progress)
        self._env = dict(os.environ)

    def run(self) -> None:
        """Start everything, say READY, watch until a signal.

        Raises:
            OpsError: something cannot start, or ended by itself.
            Stopped: the person at the terminal has had enough.
        """
        port = choose_port(self._options.port)
        for missing in (path for path in self._options.systems if not path.is_file()):
            raise OpsError(f"There is no systems file {missing}.")
        with self._servers():
            self._env = site_environment(self._options.var, self._env)
            try:
                login = self._prepare()
                self._start(port)
                self._progress.say(f"admin login, once: http://{HOST}:{port}{login}")
                print(f"READY http://{HOST}:{port}", flush=True)
                self._supervisor.forever()
            finally:
                self._supervisor.stop()

    @contextmanager
    def _servers(self) -> Iterator[None]:
        """Start our own PostgreSQL and Valkey, each unless the environment names another."""
        var = self._options.var
        ours: list[Postgres | Valkey] = []
        missing = [variable for variable in SERVERS if not self._is_named(variable)]
        try:
            for variable in missing:
                kind = SERVERS[variable]
                self._progress.say(f"{kind.title} (data and logs in {var})")
                server = kind(var)
                ours.append(server)
                child = server.start()
                self._env[variable] = server.url
                self._supervisor.watch(child)
            self._find_store()
            yield
        finally:
            if ours:
                self._progress.say("stopping the servers")
            for server in reversed(ours):
                server.stop()

    def _is_named(self, variable: str) -> bool:
        """Say whether the environment names this server, which then answers: asked before one of our own starts."""
        url = given(self._env, variable)
        if url is None:
            return False
        self._progress.say(f"{SERVERS[variable].title} of {variable} ({urlsplit(url).hostname or 'local socket'})")
        _require(variable, url)
        return True

    def _find_store(self) -> None:
        """Make the bucket, where the environment names one; files stay in VAR otherwise."""
        bucket = given(self._env, "S3_BUCKET")
        if bucket is None:
            return
        from ops.bucket import ensure_bucket  # noqa: PLC0415 - boto3 takes its time, and most demos have no store

        endpoint = given(self._env, "S3_ENDPOINT_URL")
        self._progress.say(f"object store, bucket {bucket} ({urlsplit(endpoint).hostname if endpoint else 'AWS'})")
        ensure_bucket(self._env)

    def _prepare(self) -> str:
        files = self._options.systems
        self._progress.say(f"database schema, and the systems of {', '.join(path.name for path in files)}")
        part = Part("preparation", "prepare", (sys.executable, "-m", "ops.prepare", *map(str, files)))
        return self._supervisor.run(part, self._env)[-1]

    def _start(self, port: int) -> None:
        parts = [*workers(), beat(self._options.var), web(port)]
        self._progress.say(", ".join(part.name for part in parts))
        for part in parts:
            self._supervisor.start(part, self._env)
        self._progress.say("waiting until all of them are healthy")
        answer = ""

        def ready() -> bool:
            nonlocal answer
            self._supervisor.check()
            status, answer = _get(port, "/readyz")
            return status == http.client.OK

        if not wait_until(ready, timeout_s=_READY_S, every_s=0.1):
            logs = self._options.var / "log"
            raise OpsError(f"Not healthy after {_READY_S:.0f} s: /readyz says {answer or 'nothing'}. Logs: {logs}")


def _get(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return 0, ""
    finally:
        connection.close()


def _require(variable: str, url: str) -> None:
    """Fail early, without the password, when a server that the person named does not answer."""
    try:
        if variable == "DATABASE_URL":
            psycopg.connect(url, connect_timeout=10).close()
        else:
            with redis.Redis.from_url(url, socket_connect_timeout=10) as client:
                client.ping()
    except (psycopg.Error, redis.RedisError, ValueError) as error:
        raise OpsError(f"The server of {variable} does not answer: {str(error).strip()}") from error


def parse(argv: list[str]) -> Options:
    """Read the command line. An empty value is an unset one, as make passes it."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--var", default="var", help="folder of data, logs and secrets")
    parser.add_argument("--port", default="", help="port on the loopback address")
    parser.add_argument("--systems", default="", help="systems file instead of the demo's two")
    parser.add_argument("--started", default="", help="when the command was given, seconds since the epoch")
    parser.add_argument("--with-parent", action="store_true", help="stop when the parent process is gone")
    options = parser.parse_args(argv)
    if options.port and not (options.port.isdecimal() and 0 < int(options.port) < 65536):
        parser.error(f"PORT={options.port} is no port: give a number from 1 to 65535")
    if options.with_parent:
        die_with_parent(signal.SIGTERM, os.getppid())()
    return Options(
        var=Path(options.var or "var").resolve(),
        port=int(options.port) if options.port else None,
        systems=(Path(options.systems).resolve(),) if options.systems else DEMO_SYSTEMS,
        started=float(options.started) if options.started else None,
    )


def main(argv: list[str]) -> int:
    """Run the demo; 0 after a signal, 1 when something failed."""
    options = parse(argv)
    progress = Progress(options.started)
    stop_on_signals()
    try:
        with only_one(options.var):
            Demo(options, progress).run()
    except Stopped:
        progress.say("stopped")
        return 0
    except OpsError as error:
        print(f"\nmake demo: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
