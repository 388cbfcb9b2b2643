"""Management commands of a stack, run in processes of their own with the stack's environment."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence

from tests.environment import ROOT

#: Commands that come as JSON on the standard input.
_SEVERAL = """
import json, sys, django
django.setup()
from django.core.management import call_command
for command in json.load(sys.stdin):
    call_command(*command)
"""


def run_command(env: Mapping[str, str], *arguments: str, stdin: str | None = None) -> str:
    """Run `manage.py` with these arguments.

    Returns:
        Its standard output.

    Raises:
        RuntimeError: it failed; with what it said.
    """
    return _run(env, ("manage.py", *arguments), stdin, f"manage.py {' '.join(arguments)}")


def run_commands(env: Mapping[str, str], *commands: Sequence[str]) -> str:
    """Run commands one after the other in one process, whose start takes longer than most of them; as `run_command`.

    The commands after one that fails are not run.
    """
    return _run(env, ("-c", _SEVERAL), json.dumps(commands), "; ".join(map(" ".join, commands)))


def _run(env: Mapping[str, str], arguments: Sequence[str], stdin: str | None, name: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=dict(env),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stderr}")
    return done.stdout
