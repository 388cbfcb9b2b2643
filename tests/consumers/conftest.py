"""Exports of one simulated release, and the environment of those who read them. `make test-consumers` sets it up.

Without that environment the files here are not collected: they are no part of `make test`.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from data_releases.export import export
from data_releases.formats.base import Data
from data_releases.source import Folder
from data_releases.verify import verify
from tests.consumers.value import HeldOut, Worth

ROOT = Path(__file__).resolve().parents[2]
PYTHON = os.environ.get("CONSUMERS_PYTHON", "")
if not PYTHON:
    collect_ignore_glob = ["test_*.py"]

#: What the terminal shows at the end.
WORTH: dict[str, Worth] = {}
TOLD: list[str] = []


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """The release and the truth."""
    made = tmp_path_factory.mktemp("arena")
    subprocess.run([sys.executable, "-m", "tests.consumers.world", str(made)], cwd=ROOT, check=True)
    return made


@pytest.fixture(scope="session")
def release(folder):
    return verify(Folder(folder / "release"))


@pytest.fixture(scope="session")
def held_out(folder, release):
    """The queries and votes of the test; the baselines are in the table."""
    made = HeldOut(Data(release.tables, release.manifest), json.loads((folder / "truth.json").read_text()))
    WORTH.update({name: made.worth(choices) for name, choices in made.baselines().items()})
    return made


@pytest.fixture(scope="session")
def exported(folder, release):
    """Where a format of the release lies, by its name."""

    def lies(name):
        if not (folder / name).exists():
            export(release, name, folder / name)
        return folder / name

    return lies


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """Run a program of this folder in the consumers' environment, or another; returns what it prints, as JSON."""

    def done(program, *arguments, environment="CONSUMERS_PYTHON"):
        offline = {"HF_HUB_OFFLINE": "1", "LITELLM_LOCAL_MODEL_COST_MAP": "True", "OMP_NUM_THREADS": "1"}
        env = os.environ | offline | {"HF_HOME": str(tmp_path_factory.mktemp("hub")), "PYTHONPATH": str(ROOT)}
        command, work = [os.environ[environment], "-m", f"tests.consumers.{program}"], tmp_path_factory.mktemp("work")
        ended = subprocess.run(
            [*command, *map(str, arguments)], check=False, env=env, cwd=work, capture_output=True, text=True
        )
        assert ended.returncode == 0, ended.stderr[-4000:]
        return json.loads(ended.stdout)

    return done


def pytest_terminal_summary(terminalreporter):
    """The table."""
    if not WORTH:
        return
    terminalreporter.section("routers on held-out prompts")
    terminalreporter.line("chance of being preferred to another system drawn at random; 95 % intervals by voter")
    terminalreporter.line(f"{'router':42} truth   doubly robust          self-normalised        votes matched")
    for name, worth in WORTH.items():
        terminalreporter.line(f"{name:42} {worth}")
    for line in TOLD:
        terminalreporter.line(line)
