"""docs/operations.md lists every variable of a deployment, every metric and every command."""

import json
import re
from pathlib import Path

import yaml
from django.core.management import get_commands

from arena.api.metrics import ArenaCollector
from arena.common import metrics
from arena.config import checks, checks_postgres, checks_running, checks_servers
from arena.config.logs import FIELDS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
ALERTS = ROOT / "ops" / "monitoring" / "alerts.yml"
DASHBOARD = ROOT / "ops" / "monitoring" / "dashboard.json"


def _section(title):
    return PAGE.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def test_the_table_lists_exactly_the_variables_that_are_read():
    source = (ROOT / "arena" / "config" / "env.py").read_text(encoding="utf-8")
    read = set(re.findall(r'env\.\w+\("([A-Z0-9_]+)"', source))
    rows = [line for line in _section("Environment").splitlines() if line.startswith("| `")]
    listed = {name for row in rows for name in re.findall(r"`([A-Z][A-Z0-9_]{4,})`", row)}
    assert listed == read


def _exported():
    return {family.name for family in ArenaCollector().collect()}


def test_every_metric_in_the_table_is_exported_and_none_is_left_out(db):
    assert set(re.findall(r"`(arena_[a-z_]+)`", _section("Watching"))) == _exported()


def _used(text):
    """Metrics that an expression asks for, without what Prometheus hangs on to their names."""
    return {re.sub("_(total|bucket|sum|count)$", "", name) for name in re.findall(r"\barena_[a-z_]+", text)}


def test_the_example_alerts_and_the_dashboard_ask_for_metrics_and_labels_that_exist(db):
    rules = [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
    panels = json.loads(DASHBOARD.read_text())["panels"]
    expressions = [rule["expr"] for rule in rules] + [one["expr"] for panel in panels for one in panel["targets"]]
    assert len(expressions) > 20
    assert set().union(*map(_used, expressions)) <= _exported()
    labels = {"arena", "system", "le", "job"} | {label for one in metrics.COUNTED.values() for label in one.labels}
    grouped = [
        name
        for one in expressions
        for names in re.findall(r"(?:by|on) \(([^)]*)\)", one)
        for name in names.split(", ")
    ]
    assert set(grouped) <= labels


def test_every_alert_says_how_bad_it_is_and_what_is_wrong():
    for group in yaml.safe_load(ALERTS.read_text())["groups"]:
        for rule in group["rules"]:
            assert rule["labels"]["severity"] in ("page", "ticket")
            assert len(rule["annotations"]["summary"]) > 20


def test_the_fields_of_a_log_line_are_listed():
    listed = set(re.findall(r"`([a-z_]+)`", "".join(re.findall(r"^\| (`.*?) \|", _section("Logs"), re.MULTILINE))))
    assert listed == {"at", "level", "logger", "event", "process", "pid", "request_id", "exception", *FIELDS}


def test_every_command_is_named():
    ours = {name for name, app in get_commands().items() if app.startswith(("arena.", "data_releases"))}
    assert {name for name in ours if f"`{name}" in _section("Commands")} == ours


def test_every_check_is_listed_with_its_tag_and_none_that_does_not_exist():
    listed = dict(re.findall(r"^\| `(arena\.[EW]\d{3})` \| ([a-z, ]+) \|", _section("Checks"), re.MULTILINE))
    modules = {"security": [checks], "servers": [checks_servers, checks_postgres], "running": [checks_running]}
    explained = {
        tag: {found for one in ours for found in re.findall(r"^- (arena\.[EW]\d{3}):", one.__doc__, re.MULTILINE)}
        for tag, ours in modules.items()
    }
    # Both kinds of connecting checks say that PostgreSQL is away.
    explained["running"].add("arena.E010")
    assert {tag: {one for one, tags in listed.items() if tag in tags.split(", ")} for tag in modules} == explained
