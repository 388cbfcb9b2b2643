"""`make demo` as a person sees it: lines on a terminal, a link, Ctrl-C; and what remains after a crash."""

import contextlib
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import boto3
import httpx
import psutil
import psycopg
import pytest
import redis

from ops.demo import main, parse
from ops.processes import wait_until
from ops.services import Postgres
from tests.demo import shell_environment
from tests.environment import claim_database, release_database
from tests.s3 import s3_server
from tests.stack import Visitor

ROOT = Path(__file__).resolve().parents[2]
SYSTEMS = """
arena: text
demo: true
systems:
  - {name: eliza, organisation: Ours, access: open, licence: MIT, backend: local,
     entry: "arena.systems.offline.eliza:reply", release_outputs: true}
  - {name: markov, organisation: Ours, access: open, licence: MIT, backend: local,
     entry: "arena.systems.offline.markov:reply", release_outputs: true}
"""
PARTS = ("worker (streams)", "worker (cpu)", "worker (periodic)", "beat", "web server")


class Demo:
    """One run of the supervisor, and the processes that it had when it said READY."""

    def __init__(self, var, *options, env=None):
        self.lines = []
        self.url = ""
        self.children = []
        systems = var.with_suffix(".yaml")
        systems.write_text(SYSTEMS)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ops.demo", "--var", str(var), "--systems", str(systems), *options],
            cwd=ROOT,
            env=shell_environment() | (env or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def until_ready(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if line.startswith("READY "):
                self.url = line.split()[1]
                self.children = psutil.Process(self.process.pid).children(recursive=True)
                return self
        raise AssertionError("\n".join(self.lines))

    def end(self, timeout_s=180):
        rest, _none = self.process.communicate(timeout=timeout_s)
        self.lines += rest.splitlines()
        return self.process.returncode

    def left(self):
        return [child for child in self.children if self.is_at_work(child)]

    @staticmethod
    def is_at_work(child):
        with contextlib.suppress(psutil.NoSuchProcess):
            return child.is_running() and child.status() != psutil.STATUS_ZOMBIE
        return False

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        if not self.process.stdout.closed:
            self.process.communicate()
        wait_until(lambda: not self.left(), timeout_s=60)


@pytest.fixture(scope="module")
def var():
    path = Path(tempfile.mkdtemp(prefix="arena-demo-"))
    path.chmod(0o755)
    yield path / "var"
    base = (path / "var" / "services").resolve()
    shutil.rmtree(path)
    shutil.rmtree(base, ignore_errors=True)


@pytest.fixture
def demo(var):
    runs = []

    def run(*options, env=None):
        runs.append(Demo(var, *options, env=env))
        return runs[-1]

    yield run
    for one in runs:
        one.kill()


@pytest.mark.stack
class TestRuns:
    def test_first_run_says_each_step_then_ready_and_a_signal_ends_it_cleanly(self, demo, var):
        run = demo().until_ready()
        steps = [line for line in run.lines if re.match(r"\[ *\d+\.\d s\] ", line)]
        assert steps == run.lines[:-1]
        for word in ("PostgreSQL", "Valkey", "schema", "healthy", *PARTS):
            assert any(word in line for line in steps), word
        assert re.fullmatch(r"READY http://127\.0\.0\.1:\d+", run.lines[-1])
        assert httpx.get(f"{run.url}/readyz").json()["checks"]["workers"] == "ok"
        with psycopg.connect(Postgres(var).url, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        self.log_in(run)
        self.refuse_a_second(demo)
        self.keep_secrets_out_of_the_logs(var)
        run.process.send_signal(signal.SIGTERM)
        assert run.end() == 0
        assert "stopped" in run.lines[-1]
        assert not run.left()

    def log_in(self, run):
        link = re.search(r"http\S+sesame=\S+", "\n".join(run.lines))[0]
        with httpx.Client() as client:
            assert client.get(link).headers["location"] == "/admin/"
            assert client.get(f"{run.url}/admin/").status_code == 200
        assert httpx.get(link).status_code == 403, "the link works a second time"

    def refuse_a_second(self, demo):
        second = demo()
        assert second.end() == 1
        assert "A demo already runs" in second.lines[-1]

    def keep_secrets_out_of_the_logs(self, var):
        logs = b"".join(path.read_bytes() for path in (var / "log").iterdir())
        assert b"127.0.0.1" not in (var / "log" / "web.log").read_bytes()
        for path in (var / "secrets").iterdir():
            assert path.read_bytes() not in logs, path.name

    def test_second_run_has_its_data_and_a_part_that_crashes_is_named(self, demo, var):
        run = demo().until_ready()
        with psycopg.connect(Postgres(var).url) as connection:
            assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
        beat = next(child for child in run.children if "beat" in child.cmdline())
        beat.kill()
        assert run.end() == 1
        assert any("The beat ended by itself (signal SIGKILL)" in line for line in run.lines)
        assert not run.left()

    def test_kill_9_of_the_supervisor_leaves_no_process_and_no_obstacle(self, demo):
        run = demo().until_ready()
        run.process.kill()
        assert wait_until(lambda: not run.left(), timeout_s=60), run.left()
        again = demo().until_ready()
        again.process.send_signal(signal.SIGINT)
        assert again.end() == 0

    def test_a_signal_during_the_start_is_clean_too(self, demo):
        run = demo()
        next(line for line in run.process.stdout if "schema" in line)
        time.sleep(0.5)
        run.process.send_signal(signal.SIGTERM)
        assert run.end() == 0


@pytest.fixture
def named_servers(services, tmp_path):
    """A database, a Valkey database and an object store that somebody else runs; keys in files."""
    admin, name = os.environ["DATABASE_URL"], f"arena_named_{secrets.token_hex(4)}"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    number = claim_database()
    (tmp_path / "secret").write_text("s3-secret\n")
    with s3_server() as (_server, url):
        yield {
            "DATABASE_URL": urlunsplit(urlsplit(admin)._replace(path=f"/{name}")),
            "REDIS_URL": f"{os.environ['REDIS_URL'].partition('?')[0]}?db={number}",
            "S3_ENDPOINT_URL": url,
            "S3_BUCKET": "demo-files",
            "AWS_ACCESS_KEY_ID": "s3-key",
            "AWS_SECRET_ACCESS_KEY_FILE": str(tmp_path / "secret"),
            # No profile of the person who runs the tests.
            "HOME": str(tmp_path),
        }
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    with redis.Redis.from_url(f"{os.environ['REDIS_URL'].partition('?')[0]}?db={number}") as valkey:
        valkey.flushdb()
    release_database(number)


@pytest.mark.stack
def test_it_runs_on_servers_that_the_environment_names_and_leaves_them_running(named_servers, tmp_path):
    var = tmp_path / "var"
    run = Demo(var, env=named_servers)
    try:
        run.until_ready()
        text = "\n".join(run.lines)
        assert "PostgreSQL of DATABASE_URL" in text
        assert "Valkey of REDIS_URL" in text
        assert "object store, bucket demo-files (127.0.0.1)" in text
        assert not (var / "services").exists()
        with Visitor(run.url) as alice:
            battle = alice.consent().start("Hello there.")
            assert alice.watch(battle["id"]).state == "ready"
            assert alice.vote(battle["id"]).status_code == 201
        with psycopg.connect(named_servers["DATABASE_URL"]) as connection:
            assert connection.execute("SELECT battle_id::text FROM votes_vote").fetchall() == [(battle["id"],)]
        keep = "from io import BytesIO; from django.core.files.storage import default_storage as store; "
        command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", keep + "store.save('a/b', BytesIO(b'kept'))"]
        environment = shell_environment() | named_servers | {"ARENA_VAR": str(var)}
        subprocess.run(command, cwd=ROOT, env=environment, check=True)
        client = boto3.client(
            "s3",
            endpoint_url=named_servers["S3_ENDPOINT_URL"],
            aws_access_key_id="s3-key",
            aws_secret_access_key="s3-secret",
        )
        assert client.get_object(Bucket="demo-files", Key="a/b")["Body"].read() == b"kept"
        run.process.send_signal(signal.SIGTERM)
        assert run.end() == 0
        psycopg.connect(named_servers["DATABASE_URL"]).close()
    finally:
        run.kill()


@pytest.fixture
def refused(tmp_path, monkeypatch, capfd):
    """What a supervisor writes that ends before it starts anything; here, as no process of its own is needed."""

    def run(*options, env):
        systems = tmp_path / "systems.yaml"
        systems.write_text(SYSTEMS)
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        with monkeypatch.context() as shell:
            for name in os.environ.keys() - shell_environment().keys():
                shell.delenv(name)
            for name, value in env.items():
                shell.setenv(name, value)
            try:
                assert main(["--var", str(tmp_path / "var"), "--systems", str(systems), *options]) == 1
            finally:
                for number, handler in handlers.items():
                    signal.signal(number, handler)
        written = capfd.readouterr()
        return written.out + written.err

    return run


def test_a_store_that_was_named_and_is_away_is_an_error_without_its_key(services, refused):
    named = {"DATABASE_URL": os.environ["DATABASE_URL"], "REDIS_URL": os.environ["REDIS_URL"]}
    keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "hidden"}
    said = refused(env=named | keys | {"S3_BUCKET": "b", "S3_ENDPOINT_URL": "http://127.0.0.1:1"})
    assert "The object store of S3_ENDPOINT_URL does not answer" in said
    assert "hidden" not in said


def test_a_port_that_is_taken_is_an_error_with_a_way_out(refused):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = refused("--port", str(port), env={})
    assert f"Port {port} is taken" in said


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1"])
def test_a_port_that_is_none_is_an_error(capsys, port):
    with pytest.raises(SystemExit) as ended:
        parse([f"--port={port}"])
    assert ended.value.code == 2
    assert f"PORT={port} is no port" in capsys.readouterr().err


def test_a_systems_file_that_is_missing_is_an_error(demo):
    run = demo("--systems", "/nowhere.yaml")
    assert run.end() == 1
    assert "There is no systems file /nowhere.yaml." in run.lines[-1]


@pytest.mark.parametrize(
    ("name", "url"),
    [("DATABASE_URL", "postgresql://arena:hidden@127.0.0.1:1/arena"), ("REDIS_URL", "redis://:hidden@127.0.0.1:1/0")],
)
def test_a_server_that_was_named_and_is_away_is_an_error_without_its_password(refused, name, url):
    said = refused(env={name: url, "DATABASE_URL" if name == "REDIS_URL" else "REDIS_URL": ""})
    assert f"The server of {name} does not answer" in said
    assert "hidden" not in said
