"""What each process of a running arena loads at its start; measured apart, as every test has loaded it all by now."""

import json
import subprocess
import sys
from functools import cache
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
_QUEUES = {
    queue: f"from workers.app import load_tasks; load_tasks(options={{'queues': [{queue!r}]}})" for queue in MODULES
}
#: Of each kind of process that stays, its start from nothing. The last one is where the others go on.
_STAYING = {"web": "import arena.config.asgi", "clock": "import workers.clock", "streams": _QUEUES["streams"]}
_BEAT = """
import runpy, tempfile
with tempfile.TemporaryDirectory() as folder:
    sys.argv[1:] = ["--quiet", "-A", "workers.app:app", "beat", f"--schedule={folder}/schedule"]
    runpy.run_module("celery", run_name="__main__")
"""
#: How children of a pool end whose results have been read.
_LEAVE = """
from celery.concurrency.prefork import process_destructor
codes = []
for code in (0, 155):
    if not os.fork():
        process_destructor(0, code)
        os._exit(1)
    codes.append(os.waitstatus_to_exitcode(os.wait()[1]))
sys.exit(codes)
"""
#: What others load once Django is set up; what they share with the streams' worker is loaded by then.
_MORE = {
    "beat": _BEAT,
    "pool": _LEAVE,
    "registration": "import arena.systems.management.commands.register_systems",
    "login link": "from ops.prepare import login_address; assert login_address() == '/admin/login-link/'",
    **{queue: code for queue, code in _QUEUES.items() if queue not in _STAYING},
}
#: Each start but that worker's is a fork: of a process that has loaded nothing, or of that worker, which loads neither
#: pages nor anything heavy. One that does not end is ended.
_SAID = """
import gc, json, os, signal, sys
staying, more = map(json.loads, sys.argv[1:])
def start(name, code):
    ended = None
    try:
        exec(code)
    except SystemExit as end:
        ended = end.code
    tasks = sorted(sys.modules["workers.app"].app.tasks) if "workers.app" in sys.modules else []
    print(json.dumps([name, sorted(sys.modules), tasks, gc.get_stats()[0]["collections"], ended]), flush=True)
def start_apart(name, code):
    if not os.fork():
        signal.alarm(60)
        start(name, code)
        os._exit(0)
    assert os.wait()[1] == 0, name
*others, last = staying
for name in others:
    start_apart(name, staying[name])
start_apart("command", "import django; django.setup()")
start(last, staying[last])
for name, code in more.items():
    start_apart(name, code)
"""


class Start(NamedTuple):
    """What a process has after its start."""

    loaded: set[str]
    tasks: set[str]
    searches_for_garbage: int
    ended: Any


@cache
def _starts() -> dict[str, Start]:
    argv = [sys.executable, "-c", _SAID, json.dumps(_STAYING), json.dumps(_MORE)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = map(json.loads, done.stdout.splitlines())
    return {name: Start(set(loaded), set(tasks), *more) for name, loaded, tasks, *more in lines}


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
    assert _starts()["clock"].loaded & (HEAVY | PAGES | {"arena.common.models", "psycopg", "workers.app"}) == set()


@pytest.mark.parametrize("name", _STAYING)
def test_a_start_looks_for_garbage_a_few_times_instead_of_hundreds(name: str) -> None:
    assert _starts()[name].searches_for_garbage < 80


def test_the_web_server_starts_without_mathematics_and_loads_its_pages_with_the_first_request() -> None:
    assert _starts()["web"].loaded & (HEAVY | PAGES) == set()


def test_a_command_loads_no_pages_and_no_mathematics() -> None:
    assert _starts()["command"].loaded & (HEAVY | PAGES) == set()


@pytest.mark.parametrize("name", ["registration", "login link"])
def test_to_register_systems_and_to_print_a_login_needs_no_pages_and_no_mathematics(name: str) -> None:
    assert _starts()[name].loaded & (HEAVY | PAGES) == set()


def test_the_workers_application_does_not_stand_in_for_the_clock() -> None:
    """It has no schedule: its beat would run for ever and ring nothing."""
    assert "celery -A workers.clock:app beat" in (_starts()["beat"].ended or "")


def test_a_child_leaves_with_its_code_as_soon_as_its_results_are_read() -> None:
    assert _starts()["pool"].ended == [0, 155]
