"""docs/architecture.md tells what exists."""

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import get_commands

from arena.common.queue import DOORBELLS

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
OURS = ("arena.", "data_releases")
NAMED = re.findall(r"`([^`\n]+)`", PAGE)
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ARENA_APPS = [config for config in apps.get_app_configs() if config.name.startswith(OURS)]


def _section(title):
    return PAGE.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def test_the_order_of_the_packages_is_the_import_contract():
    (layers,) = (one["layers"] for one in PYPROJECT["tool"]["importlinter"]["contracts"] if one["type"] == "layers")
    assert " > ".join(layers) in NAMED


def test_every_package_and_every_model_is_named():
    packages = {f"arena.{path.parent.name}" for path in (ROOT / "arena").glob("*/__init__.py")} | {"data_releases"}
    models = {model.__name__ for config in ARENA_APPS for model in config.get_models()}
    assert (packages | models) - set(NAMED) == set()


PYTHON_NAMES = {name for name in NAMED if re.fullmatch(r"(arena|data_releases)(\.[a-z_]+)+", name)}


@pytest.mark.parametrize("name", sorted(PYTHON_NAMES - set(DOORBELLS)))
def test_every_module_and_function_named_exists(name):
    module, _dot, attribute = name.rpartition(".")
    assert importlib.util.find_spec(module) is not None
    # An attribute of a module, or a module of a package.
    assert hasattr(importlib.import_module(module), attribute) or importlib.util.find_spec(name) is not None


def test_queues_and_tasks_are_those_of_the_doorbell():
    rows = re.findall(r"^\| `(\w+)` \|.*\| (.*) \|$", _section("Queues and tasks"), re.MULTILINE)
    listed = {task: queue for queue, tasks in rows for task in re.findall(r"`(arena\.\w+)`", tasks)}
    assert listed == {name: doorbell.queue for name, doorbell in DOORBELLS.items()}


def test_every_management_command_is_named_and_exists():
    ours = {name for name, app in get_commands().items() if app.startswith(OURS)}
    assert set(re.findall(r"`(\w+)`", _section("Management commands"))) == ours


def test_every_task_that_is_rung_is_registered():
    import workers.app

    workers.app.load_tasks(options={})
    assert set(DOORBELLS) <= set(workers.app.app.tasks)
