"""PostgreSQL and Valkey from their pip wheels, driven by this module as supervised children.

Both listen on unix sockets only, ask for a random password that is kept under `VAR/secrets`, and run as an
unprivileged user when the supervisor is root: see `ops.homes`.
"""

import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, Final
from urllib.parse import quote

import psutil
import psycopg
import redis
from psycopg import sql

from ops import ServiceError
from ops.homes import home, postgres_bin, secret, service_user, socket_dir, valkey_bin
from ops.processes import Child, wait_until

_START_S: Final = 60.0
#: PostgreSQL's default of 128 MB does not hold the indexes of a million battles. Memory is taken when it is used.
_MOST_SHARED_MB: Final = 512
#: And no more than this part of the machine, which runs the whole site beside it.
_SHARED_PART: Final = 8
DATABASE: Final = "arena"


class Postgres:
    """A PostgreSQL cluster under `VAR/services/postgres`."""

    title: ClassVar = "PostgreSQL"

    def __init__(self, var: Path, *, durable: bool = True) -> None:
        """Plan the server; nothing is started.

        Args:
            var: the installation's folder.
            durable: False switches fsync off, for tests.
        """
        self._var = var
        self._durable = durable
        self._user = service_user()
        self._base = home(var, self._user)
        self._data = self._base / "postgres"
        self._sockets = socket_dir(self._base, self._user)
        self.child: Child | None = None

    @property
    def url(self) -> str:
        """DATABASE_URL of the arena's own role; it may create databases (the tests do), nothing more."""
        return self._url(DATABASE, secret(self._var, "postgres_password"), DATABASE)

    def _url(self, role: str, password: str, database: str) -> str:
        return f"postgresql://{role}:{quote(password)}@/{database}?host={quote(str(self._sockets))}"

    def admin_url(self, database: str = "postgres") -> str:
        """The address of a database for its superuser."""
        return self._url("postgres", secret(self._var, "postgres_admin_password"), database)

    def _admin(self) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(self.admin_url(), autocommit=True, connect_timeout=5)

    def _program(self, name: str) -> Path:
        return postgres_bin(self._base, self._user) / name

    def _initialise(self) -> None:
        self._data.mkdir(mode=0o700, exist_ok=True)
        self._user.own(self._data)
        password_file = self._base / "initdb.password"
        password_file.touch(mode=0o600)
        try:
            password_file.write_text(secret(self._var, "postgres_admin_password"))
            self._user.own(password_file)
            done = subprocess.run(
                [
                    self._program("initdb"),
                    f"--pgdata={self._data}",
                    "--username=postgres",
                    f"--pwfile={password_file}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale=C.UTF-8",
                    *([] if self._durable else ["--no-sync"]),
                ],
                capture_output=True,
                text=True,
                check=False,
                cwd="/",
                user=self._user.uid,
                group=self._user.gid,
                extra_groups=[] if self._user.uid is not None else None,
            )
        finally:
            password_file.unlink()
        if done.returncode != 0:
            shutil.rmtree(self._data)
            raise ServiceError(f"initdb failed: {done.stderr.strip()}")

    def _check_version(self) -> None:
        ours = subprocess.run([self._program("postgres"), "-V"], capture_output=True, text=True, check=True).stdout
        theirs = (self._data / "PG_VERSION").read_text().strip()
        if f" {theirs}." not in ours:
            raise ServiceError(
                f"{self._data} was written by PostgreSQL {theirs}, and this is {ours.strip()}: "
                "dump it with the old version, or move the folder away to start empty."
            )

    def _end_orphan(self) -> None:
        """End a server that an earlier supervisor left behind, and drop the pid file of a dead one."""
        pid_file = self._data / "postmaster.pid"
        if not pid_file.exists():
            return
        try:
            process = psutil.Process(int(pid_file.read_text().split()[0]))
            if str(self._data) in process.cmdline():
                process.send_signal(signal.SIGINT)
                process.wait(20)
        except (psutil.Error, ValueError, IndexError):
            pass
        pid_file.unlink(missing_ok=True)

    def start(self) -> Child:
        """Start the server and wait until it answers; the first start makes cluster, role and database.

        Raises:
            ServiceError: it cannot be started; the message ends with its own last lines.
        """
        if not (self._data / "PG_VERSION").exists():
            self._initialise()
        self._check_version()
        self._end_orphan()
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._sockets),
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            "shared_buffers": f"{_shared_mb()}MB",
            "timezone": "UTC",
            # A statement that fails, and the row in it, hold what visitors typed.
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
            **({} if self._durable else {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}),
        }
        self.child = Child(
            "PostgreSQL",
            [self._program("postgres"), "-D", self._data, *(f"--{key}={value}" for key, value in options.items())],
            log=self._var / "log" / "postgres.log",
            cwd=Path("/"),
            user=self._user.uid,
            group=self._user.gid,
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGINT,
        )
        _await(self.child, self._answers)
        self._create_database()
        return self.child

    def _answers(self) -> bool:
        try:
            self._admin().close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise ServiceError(
                    f"The password in {self._var / 'secrets'} does not open the database in {self._data}: "
                    "restore the old secrets, or move both folders away to start empty."
                ) from error
            return False
        return True

    def _create_database(self) -> None:
        role, password = sql.Identifier(DATABASE), sql.Literal(secret(self._var, "postgres_password"))
        with self._admin() as connection:
            if not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [DATABASE]).fetchall():
                create = sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD {}")
                connection.execute(create.format(role, password))
            if not connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).fetchall():
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(role, role))

    def stop(self) -> None:
        """Stop the server: open sessions are ended, everything is written."""
        if self.child is not None:
            self.child.stop(30)


class Valkey:
    """A Valkey server under `VAR/services`, in memory only: it holds nothing that cannot be rebuilt."""

    title: ClassVar = "Valkey"

    def __init__(self, var: Path) -> None:
        """Plan the server; nothing is started."""
        self._var = var
        self._user = service_user()
        self._base = home(var, self._user)
        self._socket = socket_dir(self._base, self._user) / "valkey.sock"
        self.child: Child | None = None

    @property
    def url(self) -> str:
        """REDIS_URL of database 0."""
        return f"unix://:{quote(secret(self._var, 'valkey_password'))}@{self._socket}"

    def start(self) -> Child:
        """Start the server and wait until it answers.

        Raises:
            ServiceError: it cannot be started; the message ends with its own last lines.
        """
        config = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "requirepass": secret(self._var, "valkey_password"),
            "save": '""',
            "appendonly": "no",
            "maxmemory-policy": "noeviction",
            "dir": str(self._socket.parent),
        }
        self.child = Child(
            "Valkey",
            [valkey_bin(self._base, self._user), "-"],
            log=self._var / "log" / "valkey.log",
            cwd=Path("/"),
            user=self._user.uid,
            group=self._user.gid,
            stdin="".join(f"{key} {value}\n" for key, value in config.items()),
        )
        _await(self.child, self._answers)
        return self.child

    def _answers(self) -> bool:
        client = redis.Redis.from_url(self.url)
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False
        finally:
            client.close()

    def stop(self) -> None:
        """Stop the server."""
        if self.child is not None:
            self.child.stop(10)


def _shared_mb() -> int:
    """Megabytes of tables and indexes that PostgreSQL keeps in memory."""
    part_mb = psutil.virtual_memory().total // _SHARED_PART // 2**20
    return max(32, min(_MOST_SHARED_MB, int(part_mb)))


def _await(child: Child, answers: Callable[[], bool]) -> None:
    wait_until(lambda: child.exit_code is not None or answers(), timeout_s=_START_S)
    if child.exit_code is not None or not answers():
        state = child.how_it_ended()
        child.stop(5)
        raise ServiceError(
            "\n  ".join([f"{child.name} did not start ({state}). {child.log} ends:", *child.last_lines()])
        )
