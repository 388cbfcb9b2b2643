"""A wrong value stops every kind of process with a sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ops.parts import beat, web, workers

ROOT = Path(__file__).resolve().parents[2]
WRONG = {"ARENA_SECRET_KEY": "short", "ARENA_DEBUG": "0", "DATABASE_URL": "postgresql://a@127.0.0.1:1/a"}
COMMANDS = {
    "manage.py": [sys.executable, "manage.py", "migrate"],
    "web server": list(web(8000).argv),
    "worker": list(workers()[0].argv),
    "beat": list(beat(Path("/tmp")).argv),
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_wrong_value_stops_the_start_with_a_sentence(command: list[str]) -> None:
    env = os.environ | WRONG | {"DJANGO_SETTINGS_MODULE": "arena.config.settings"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "The arena does not start. ARENA_SECRET_KEY must be set to at least 50 random characters" in said
    assert "Traceback" not in said
