"""What each process of a running arena loads at its start; measured apart, as every test has loaded it all by now."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from arena.common.queue import DOORBELLS
from tests.environment import ROOT
from workers.app import MODULES

#: Half a second of a start, and a hundred megabytes, of which a worker that waits for streams needs nothing.
HEAVY = {
    *("numpy", "scipy", "pyarrow", "soundfile", "soxr", "sklearn", "boto3", "plotly", "phonenumbers", "httpx", "rich"),
}
#: Of these, what prepares clips.
CLIPS = {"numpy", "soundfile", "soxr"}
PAGES = {"ninja", "arena.web.urls", "arena.api.urls", "arena.operators.site", "data_releases.admin"}
#: A start begins by setting Django up, which a command does too. What each loads after that, a fork of its own says.
_STARTS = {
    "command": "pass",
    "registration": "import arena.systems.management.commands.register_systems",
    "login link": "from ops.prepare import login_address; assert login_address() == '/admin/login-link/'",
    "web": "import arena.config.asgi",
    **{
        queue: f"from workers.app import load_tasks; load_tasks(options={{'queues': [{queue!r}]}})"
        for queue in MODULES
    },
}
_SAID = """
import json, os, sys
import django
django.setup()
for name, code in json.loads(sys.argv[1]).items():
    if not os.fork():
        exec(code)
        tasks = sorted(sys.modules["workers.app"].app.tasks) if "workers.app" in sys.modules else []
        print(json.dumps([name, sorted(sys.modules), tasks]), flush=True)
        os._exit(0)
    assert os.wait()[1] == 0, name
"""


class Start(NamedTuple):
    """What a process has after its start."""

    loaded: set[str]
    tasks: set[str]


def _lines_of(*argv: str) -> list[Any]:
    done = subprocess.run([sys.executable, "-c", *argv], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@cache
def _starts() -> dict[str, Start]:
    lines = _lines_of(_SAID, json.dumps(_STARTS))
    return {name: Start(set(loaded), set(tasks)) for name, loaded, tasks in lines}


@pytest.mark.parametrize(
    ("queue", "needless"),
    [("streams", HEAVY | PAGES), ("cpu", (HEAVY - CLIPS) | PAGES), ("periodic", PAGES)],
)
def test_a_worker_loads_the_tasks_of_its_queue_and_not_what_only_others_need(queue: str, needless: set[str]) -> None:
    start = _starts()[queue]
    assert {name for name, doorbell in DOORBELLS.items() if doorbell.queue == queue} <= start.tasks
    assert start.loaded & needless == set()


def test_every_queue_has_modules() -> None:
    assert set(MODULES) == {doorbell.queue for doorbell in DOORBELLS.values()}


def test_the_clock_loads_neither_models_nor_tasks() -> None:
    (loaded,) = _lines_of("import json, sys, workers.clock; print(json.dumps(list(sys.modules)))")
    assert set(loaded) & (HEAVY | PAGES | {"arena.common.models", "psycopg", "workers.app"}) == set()


def test_the_web_server_starts_without_mathematics_and_loads_its_pages_with_the_first_request() -> None:
    assert _starts()["web"].loaded & (HEAVY | PAGES) == set()


def test_a_command_loads_no_pages_and_no_mathematics() -> None:
    assert _starts()["command"].loaded & (HEAVY | PAGES) == set()


@pytest.mark.parametrize("name", ["registration", "login link"])
def test_to_register_systems_and_to_print_a_login_needs_no_pages_and_no_mathematics(name: str) -> None:
    assert _starts()[name].loaded & (HEAVY | PAGES) == set()


def test_the_workers_application_does_not_stand_in_for_the_clock(tmp_path: Path) -> None:
    """It has no schedule: its beat would run for ever and ring nothing."""
    argv = [sys.executable, "-m", "celery", "-A", "workers.app:app", "beat", f"--schedule={tmp_path / 'schedule'}"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode != 0
    assert "celery -A workers.clock:app beat" in done.stderr
