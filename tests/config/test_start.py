"""A wrong value stops every kind of process with a sentence."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ops.parts import beat, web, workers

ROOT = Path(__file__).resolve().parents[2]
WRONG = {"ARENA_SECRET_KEY": "short", "ARENA_DEBUG": "0", "DATABASE_URL": "postgresql://a@127.0.0.1:1/a"}
COMMANDS = {
    "manage.py": ["manage.py", "migrate"],
    "web server": list(web(8000).argv[1:]),
    "worker": list(workers()[0].argv[1:]),
    "beat": list(beat(Path("/tmp")).argv[1:]),
}
#: Each start is a fork of one process, which has loaded what the libraries need and nothing of the arena.
STARTS = """
import json, os, runpy, signal, sys
import celery.bin.celery, django.core.management, environs, redis, uvicorn
for name, (first, *more) in json.loads(sys.argv[1]).items():
    reads, writes = os.pipe()
    if not os.fork():
        signal.alarm(60)
        os.dup2(writes, 1), os.dup2(writes, 2)
        os.close(reads), os.close(writes)
        if first == "-m":
            sys.argv = more
            runpy.run_module(more[0], run_name="__main__", alter_sys=True)
        else:
            sys.argv = [first, *more]
            runpy.run_path(first, run_name="__main__")
        sys.exit()
    os.close(writes)
    with open(reads) as file:
        said = file.read()
    print(json.dumps([name, os.waitstatus_to_exitcode(os.wait()[1]), said, "arena" in sys.modules]), flush=True)
"""


@cache
def _starts() -> dict[str, list[Any]]:
    env = os.environ | WRONG | {"DJANGO_SETTINGS_MODULE": "arena.config.settings"}
    argv = [sys.executable, "-c", STARTS, json.dumps(COMMANDS)]
    done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return {name: ended for name, *ended in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_wrong_value_stops_the_start_with_a_sentence(name: str) -> None:
    code, said, had_loaded = _starts()[name]
    assert not had_loaded
    assert code != 0
    assert "The arena does not start. ARENA_SECRET_KEY must be set to at least 50 random characters" in said
    assert "Traceback" not in said
