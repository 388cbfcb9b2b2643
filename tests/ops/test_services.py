import contextlib
import multiprocessing
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from ops import ServiceError
from ops.homes import User, home, postgres_bin, secret, service_user, socket_dir, valkey_bin
from ops.processes import wait_until
from ops.services import Postgres, Valkey

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to another user")


@contextlib.contextmanager
def folder():
    """A folder that an ordinary user can pass through, as pytest's own is not."""
    path = Path(tempfile.mkdtemp(prefix="arena-ops-"))
    path.chmod(0o755)
    yield path
    base = (path / "services").resolve()
    shutil.rmtree(path)
    shutil.rmtree(base, ignore_errors=True)


@pytest.fixture
def var():
    with folder() as path:
        yield path


@pytest.fixture(scope="module")
def cluster():
    """A folder whose server was started once; to make a cluster, or to copy one, costs as much as ten starts.

    It lies in one that the servers' user cannot enter, where that is another.
    """
    with folder() as path:
        var = path / "closed" / "var"
        var.parent.mkdir(mode=0o700)
        server = Postgres(var, durable=False)
        server.start()
        server.stop()
        yield var
        shutil.rmtree((var / "services").resolve())


@pytest.fixture
def new_postgres(var):
    server = Postgres(var, durable=False)
    yield server
    server.stop()


@pytest.fixture
def postgres(cluster):
    """A server that ran before. Its secrets and its configuration are put back."""
    files = [*(cluster / "secrets").iterdir(), configuration(cluster)]
    before = {file: file.read_bytes() for file in files}
    server = Postgres(cluster, durable=False)
    yield server
    server.stop()
    for file, content in before.items():
        file.write_bytes(content)


@pytest.fixture(scope="class")
def running(cluster):
    """A server that runs for all tests that only ask it something."""
    server = Postgres(cluster, durable=False)
    server.start()
    yield server
    server.stop()


def configuration(var):
    return home(var, service_user()) / "postgres" / "postgresql.conf"


@pytest.fixture
def valkey_server(var):
    server = Valkey(var)
    yield server
    server.stop()


def test_a_secret_is_made_once_and_readable_by_its_owner_alone(var):
    first = secret(var, "key")
    assert secret(var, "key") == first
    assert len(first) >= 50
    assert stat.S_IMODE((var / "secrets" / "key").stat().st_mode) == 0o600
    assert stat.S_IMODE((var / "secrets").stat().st_mode) == 0o700


def test_postgresql_starts_keeps_its_data_and_starts_again(postgres):
    postgres.start()
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    postgres.stop()
    assert postgres.child.exit_code == 0
    postgres.start()
    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        # More than the default wherever an eighth of the memory is more than that.
        (buffers,) = connection.execute("SELECT pg_size_bytes(current_setting('shared_buffers')) / 2^20").fetchone()
        assert buffers == min(512, psutil.virtual_memory().total // 2**23)
        assert connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (False,)


class TestRunning:
    def test_the_log_of_postgresql_tells_an_error_and_nothing_of_what_a_statement_held(self, running):
        with psycopg.connect(running.url, autocommit=True) as connection:
            connection.execute("CREATE TABLE said (words text UNIQUE)")
            for _ in range(2):
                with contextlib.suppress(psycopg.errors.UniqueViolation):
                    connection.execute("INSERT INTO said VALUES ('my own words')")
            with contextlib.suppress(psycopg.errors.DivisionByZero):
                connection.execute("SELECT 1 / %s AS said", [0])
        log = running.child.log.read_text()
        assert "said_words_key" in log
        assert "division by zero" in log
        assert "own words" not in log
        assert "AS said" not in log

    def test_postgresql_refuses_a_wrong_password(self, running):
        wrong = running.url.replace(running.url.split("arena:")[1].split("@")[0], "wrong")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)

    @as_root
    def test_the_servers_run_as_an_unprivileged_user(self, running):
        assert Path(f"/proc/{running.child.pid}").stat().st_uid == pwd.getpwnam("nobody").pw_uid

    @as_root
    def test_a_folder_that_the_user_cannot_enter_is_left_closed_and_the_data_go_elsewhere(self, cluster, running):
        psycopg.connect(running.url).close()
        assert (cluster / "services").is_symlink()
        assert stat.S_IMODE(cluster.parent.stat().st_mode) == 0o700


def test_lost_secrets_are_explained(cluster, postgres):
    postgres.start()
    postgres.stop()
    (cluster / "secrets" / "postgres_admin_password").unlink()
    with pytest.raises(ServiceError, match="restore the old secrets"):
        postgres.start()


def test_a_server_that_an_earlier_supervisor_left_is_replaced(cluster, postgres):
    first = Postgres(cluster, durable=False)
    left = first.start()
    postgres.start()
    assert wait_until(lambda: left.exit_code is not None, timeout_s=10)
    psycopg.connect(postgres.url).close()


def test_a_pid_file_of_a_dead_server_is_no_obstacle(cluster, postgres):
    postgres.start()
    os.killpg(postgres.child.pid, 9)
    assert wait_until(lambda: postgres.child.exit_code is not None, timeout_s=10)
    assert (home(cluster, service_user()) / "postgres" / "postmaster.pid").exists()
    postgres.start()
    psycopg.connect(postgres.url).close()


def test_data_of_another_major_version_is_refused_with_advice(var, new_postgres):
    data = home(var, service_user()) / "postgres"
    data.mkdir()
    (data / "PG_VERSION").write_text("11\n")
    with pytest.raises(ServiceError, match="written by PostgreSQL 11"):
        new_postgres.start()


def test_a_server_that_cannot_start_shows_its_last_words(cluster, postgres):
    configuration(cluster).write_text("no_such_setting = 1\n")
    with pytest.raises(ServiceError, match="no_such_setting"):
        postgres.start()


def test_valkey_starts_with_a_password_and_without_a_port(valkey_server):
    valkey_server.start()
    with redis.Redis.from_url(valkey_server.url) as client:
        assert client.ping()
        assert client.config_get("port") == {"port": "0"}
        assert client.config_get("appendonly") == {"appendonly": "no"}
    words = Path(f"/proc/{valkey_server.child.pid}/cmdline").read_bytes()
    assert valkey_server.url.split(":")[2].split("@")[0].encode() not in words
    valkey_server.stop()
    assert valkey_server.child.exit_code == 0


def test_sockets_of_a_deep_folder_move_to_a_short_one(var):
    deep = var / ("x" * 60) / ("y" * 60)
    deep.mkdir(parents=True)
    path = socket_dir(deep, User(None, None))
    assert len(str(path)) <= 75
    assert socket_dir(deep, User(None, None)) == path
    path.rmdir()


@as_root
class TestAsRoot:
    def test_binaries_that_the_user_cannot_reach_are_copied(self, var, monkeypatch):
        base = home(var, service_user())
        monkeypatch.setattr(User, "may_enter", lambda self, folder: False)
        copied = postgres_bin(base, service_user())
        assert copied.is_relative_to(base)
        done = subprocess.run([copied / "psql", "--version"], capture_output=True, text=True, check=True)
        assert done.stdout.startswith("psql")
        assert valkey_bin(base, service_user()).is_relative_to(base)

    def test_an_ordinary_user_can_run_both_servers(self, var):
        nobody = pwd.getpwnam("nobody")
        os.chown(var, nobody.pw_uid, nobody.pw_gid)
        # A fork, because that user may not be able to reach this Python in its folder.
        child = multiprocessing.get_context("fork").Process(target=_run_both, args=(nobody, var))
        child.start()
        child.join(60)
        assert child.exitcode == 0


def _run_both(user: pwd.struct_passwd, var: Path) -> None:
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    os.chdir("/")
    servers = [Postgres(var, durable=False), Valkey(var)]
    for server in servers:
        server.start()
    for server in servers:
        server.stop()
    os._exit(int(any(server.child.exit_code != 0 for server in servers) or service_user() != User(None, None)))
