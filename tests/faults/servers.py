"""PostgreSQL and Valkey of an arena's own, to be stopped, killed, emptied and filled up."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from ops.homes import home, postgres_bin, service_user
from ops.services import DATABASE, Postgres, Valkey
from tests.servers import fill_from_template

#: Room of PostgreSQL's disk; the pages are taken from memory as they are written.
DISK_MB = 2048


class Disk:
    """A small disk of its own for PostgreSQL's data. `is_mounted`: False where this machine does not let us mount."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self.folder = folder
        self.is_mounted = os.geteuid() == 0 and self._mount(f"size={DISK_MB}m,mode=0700")

    def _mount(self, options: str) -> bool:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.folder)]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def resize(self, megabytes: int) -> None:
        """Make it smaller or larger while it is in use."""
        subprocess.run(["mount", "-o", f"remount,size={megabytes}m", str(self.folder)], check=True)

    def used_mb(self) -> int:
        """What is on it now, rounded up."""
        usage = shutil.disk_usage(self.folder)
        return -(-usage.used // 2**20)

    def unmount(self) -> None:
        """Take it away; what was on it is gone."""
        if self.is_mounted:
            subprocess.run(["umount", "--lazy", str(self.folder)], check=True)


class OwnServers:
    """Durable PostgreSQL and a Valkey that nobody else uses."""

    def __init__(self, var: Path) -> None:
        base = home(var, service_user())
        self.disk = Disk(base / "postgres")
        self.postgres, self.valkey = Postgres(var), Valkey(var)
        self.database_url, self.redis_url = self.postgres.url, self.valkey.url
        self._base = base

    def create(self, migrate: Callable[[str], object]) -> None:
        """Start both and give the database its tables."""
        self.postgres.start()
        self.valkey.start()
        fill_from_template(self.database_url, migrate)

    def crash_postgres(self) -> None:
        """An immediate end, as by a power cut: no session ends in order, the next start recovers from the log."""
        child = self.postgres.child
        assert child is not None
        os.kill(child.pid, signal.SIGQUIT)
        child.stop(30)

    def check_storage(self) -> None:
        """Read every page of every table and index, and compare them; raises where one is damaged."""
        admin = conninfo_to_dict(self.postgres.admin_url())
        env = os.environ | {f"PG{name.upper()}": str(admin[name]) for name in ("host", "user", "password")}
        program = postgres_bin(self._base, service_user()) / "pg_amcheck"
        done = subprocess.run(
            [program, "--install-missing", "--heapallindexed", DATABASE],
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def drop(self) -> None:
        """End both and delete what they stored."""
        for server in (self.valkey, self.postgres):
            server.stop()
        self.disk.unmount()
        shutil.rmtree(self._base, ignore_errors=True)
