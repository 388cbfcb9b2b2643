"""docs/operations.md lists every variable of a deployment, every metric and every command."""

import re
from pathlib import Path

from django.core.management import get_commands

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def _section(title):
    return PAGE.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def test_the_table_lists_exactly_the_variables_that_are_read():
    source = (ROOT / "arena" / "config" / "env.py").read_text(encoding="utf-8")
    read = set(re.findall(r'env\.\w+\("([A-Z0-9_]+)"', source))
    rows = [line for line in _section("Environment").splitlines() if line.startswith("| `")]
    listed = {name for row in rows for name in re.findall(r"`([A-Z][A-Z0-9_]{4,})`", row)}
    assert listed == read


def test_every_metric_in_the_table_is_exported_and_none_is_left_out():
    source = (ROOT / "arena" / "api" / "health.py").read_text(encoding="utf-8")
    exported = set(re.findall(r'Family\(\s*"(arena_\w+)"', source))
    assert set(re.findall(r"`(arena_[a-z_]+)`", _section("Watching"))) == exported


def test_every_command_is_named():
    ours = {name for name, app in get_commands().items() if app.startswith(("arena.", "data_releases"))}
    assert {name for name in ours if f"`{name}" in _section("Commands")} == ours
