"""What each process of a running arena loads at its start; measured apart, as every test has loaded it all by now."""

import json
import subprocess
import sys
from pathlib import Path

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
_LOADED = """
import json, sys
{}
print(json.dumps(sorted(sys.modules)))
"""
_WORKER = """
from workers.app import app, load_tasks
load_tasks(options={{"queues": [{!r}]}})
print(json.dumps(sorted(app.tasks)))
"""


def _lines_of(code: str) -> list[set[str]]:
    done = subprocess.run(
        [sys.executable, "-c", _LOADED.format(code)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [set(json.loads(line)) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("queue", "needless"),
    [("streams", HEAVY | PAGES), ("cpu", (HEAVY - CLIPS) | PAGES), ("periodic", PAGES)],
)
def test_a_worker_loads_the_tasks_of_its_queue_and_not_what_only_others_need(queue: str, needless: set[str]) -> None:
    tasks, loaded = _lines_of(_WORKER.format(queue))
    assert {name for name, doorbell in DOORBELLS.items() if doorbell.queue == queue} <= tasks
    assert loaded & needless == set()


def test_every_queue_has_modules() -> None:
    assert set(MODULES) == {doorbell.queue for doorbell in DOORBELLS.values()}


def test_the_clock_loads_neither_models_nor_tasks() -> None:
    (loaded,) = _lines_of("import workers.clock")
    assert loaded & (HEAVY | PAGES | {"arena.common.models", "psycopg", "workers.app"}) == set()


def test_the_web_server_starts_without_mathematics_and_loads_its_pages_with_the_first_request() -> None:
    (loaded,) = _lines_of("import arena.config.asgi")
    assert loaded & (HEAVY | PAGES) == set()


def test_a_command_loads_no_pages_and_no_mathematics() -> None:
    (loaded,) = _lines_of("import django; django.setup()")
    assert loaded & (HEAVY | PAGES) == set()


def test_the_workers_application_does_not_stand_in_for_the_clock(tmp_path: Path) -> None:
    """It has no schedule: its beat would run for ever and ring nothing."""
    argv = [sys.executable, "-m", "celery", "-A", "workers.app:app", "beat", f"--schedule={tmp_path / 'schedule'}"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode != 0
    assert "celery -A workers.clock:app beat" in done.stderr
