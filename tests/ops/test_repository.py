"""What holds for the repository as a whole: locks, addresses, migrations, the order of packages in the database."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
#: The layers of the import contract, lowest first; a foreign key may not point up.
ORDER = ("common", "arenas accounts", "systems", "router", "battles", "votes", "integrity", "rankings")
ORDER += ("data_releases", "web api operators")
LEVEL = {label: level for level, labels in enumerate(ORDER) for label in labels.split()}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_locked_package_has_an_exact_version_and_hashes_and_no_address(lock):
    text = lock.read_text()
    assert "://" not in text
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert entries
    for entry in entries:
        assert re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry


def test_the_front_end_lock_has_hashes_and_no_address():
    text = (ROOT / "frontend" / "package-lock.json").read_text()
    packages = {name: one for name, one in json.loads(text)["packages"].items() if name}
    assert all("integrity" in one for one in packages.values() if not one.get("link"))
    assert not any("resolved" in one for one in packages.values())


def test_no_file_names_a_package_registry():
    hosts = re.compile("|".join(["pypi" + r"\.org", "pythonhosted" + r"\.org", "registry" + r"\.npmjs"]))
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.is_file() and path.suffix not in {".png", ".gz", ".woff2", ".ico"}:
            assert not hosts.search(path.read_text(errors="replace")), name


@pytest.mark.django_db
def test_no_model_has_changed_without_a_migration():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_every_relation_points_down_the_layers():
    checked = 0
    for model in apps.get_models():
        for field in model._meta.get_fields():
            target = field.related_model if field.is_relation and not field.auto_created else None
            if target is None or isinstance(target, str) or target._meta.label == model._meta.label:
                continue
            source, goal = model._meta.app_label, target._meta.app_label
            if source in LEVEL and goal in LEVEL and source != goal:
                assert LEVEL[goal] < LEVEL[source], f"{model._meta.label}.{field.name} points up to {goal}"
                checked += 1
    assert checked
