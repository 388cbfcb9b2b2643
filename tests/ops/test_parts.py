"""The parts of a running arena bring defaults of their own; the operator's environment outweighs them."""

import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from celery.bin.base import CLIContext
from celery.bin.worker import worker
from celery.worker.consumer.events import Events

from ops.parts import Part, web, workers
from ops.processes import wait_until

SUPERVISOR = """
import signal, sys, time
from pathlib import Path
from ops.parts import Part
part = Part("sleeper", "sleeper", ("sleep", "60"), death_signal=signal.SIGQUIT)
print(part.start(Path(sys.argv[1]), {"PATH": "/usr/bin:/bin"}).pid, flush=True)
time.sleep(60)
"""
SAY = ("sh", "-c", "echo pool=$ARENA_DB_POOL_SIZE")


def test_what_has_threads_shares_connections_and_what_forks_does_not() -> None:
    pooled = {part.name: "ARENA_DB_POOL_SIZE" in part.defaults for part in (web(8000), *workers())}
    assert pooled == {"web server": True, "worker (streams)": True, "worker (cpu)": False, "worker (periodic)": False}


@pytest.mark.parametrize("part", workers(), ids=lambda part: part.name)
def test_no_worker_sends_events_for_which_it_would_outlive_its_broker(part: Part) -> None:
    said = list(part.argv[part.argv.index("worker") + 1 :])
    options = worker.make_context("worker", said, obj=CLIContext(None, no_color=True, workdir=None)).params
    asked = {name: options[name] for name in ("task_events", "without_gossip", "without_heartbeat")}
    assert not Events(SimpleNamespace(), **asked).enabled


@pytest.mark.parametrize(("env", "said"), [({}, "pool=3"), ({"ARENA_DB_POOL_SIZE": "5"}, "pool=5")])
def test_the_environment_outweighs_a_default(tmp_path: Path, env: dict[str, str], said: str) -> None:
    part = Part("speaker", "speaker", SAY, defaults={"ARENA_DB_POOL_SIZE": "3"})
    child = part.start(tmp_path, {"PATH": "/usr/bin:/bin", **env})
    assert wait_until(lambda: child.exit_code is not None, timeout_s=10)
    assert child.last_lines() == [said]


def test_a_part_ends_with_its_supervisor_where_a_shell_lets_it_ignore_that_signal(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGQUIT, signal.SIG_IGN),  # noqa: PLW1509 - one thread
    ) as supervisor:
        assert supervisor.stdout is not None
        sleeper = psutil.Process(int(supervisor.stdout.readline()))
        supervisor.kill()
    gone, _alive = psutil.wait_procs([sleeper], timeout=10)
    assert gone == [sleeper]
