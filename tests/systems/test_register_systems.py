"""`manage.py register_systems`: look first, then apply."""

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
import yaml
from django.core.management import CommandError, call_command

from arena.arenas.models import Arena
from arena.systems import registry
from arena.systems.backends.addresses import AddressPolicy
from arena.systems.models import System, SystemEvent, SystemVersion, VersionIsImmutable

pytestmark = pytest.mark.django_db

ALICE = {"name": "alice", "backend": "replay", "path": "alice.json", "organisation": "Alice Ltd", "price_in": 2.5}
BOB = {"name": "bob", "backend": "local", "entry": "arena.systems.offline.eliza:reply"}


class Folder:
    """A systems file and what it names."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.outputs({"Hi": "Hello"})

    def outputs(self, outputs: dict) -> None:
        (self.path / "alice.json").write_text(json.dumps(outputs))

    def write(self, *systems: dict, **keys: object) -> Path:
        file = self.path / "systems.yaml"
        file.write_text(yaml.safe_dump({"arena": "text", **keys, "systems": list(systems)}))
        return file

    def register(self, *systems: dict, apply: bool = True, options: dict | None = None, **keys: object) -> str:
        out = StringIO()
        call_command("register_systems", str(self.write(*systems, **keys)), apply=apply, stdout=out, **(options or {}))
        return out.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def versions(name: str) -> list[SystemVersion]:
    return list(SystemVersion.objects.filter(system__name=name).order_by("number"))


def test_without_apply_nothing_is_written(folder: Folder) -> None:
    said = folder.register(ALICE, BOB, apply=False)
    assert "arena text (new)" in said
    assert "new       alice" in said
    assert "Run again with --apply" in said
    assert not Arena.objects.exists()


def test_a_first_registration_makes_arena_and_systems(folder: Folder) -> None:
    folder.register(ALICE, BOB, arena_name="Words", demo=True, suggestions=["Why?"])
    arena = Arena.objects.get()
    assert (arena.slug, arena.name, arena.is_demo, arena.suggestions) == ("text", "Words", True, ["Why?"])
    version = versions("alice")[0]
    assert version.number == 1
    assert version.organisation == "Alice Ltd"
    assert str(version.price_in_usd_per_mtok) == "2.500000"
    assert version.endpoint["path"] == str(folder.path / "alice.json")
    assert len(version.behaviour) == 64


def test_the_same_file_again_changes_nothing(folder: Folder) -> None:
    folder.register(ALICE, BOB)
    said = folder.register(ALICE, BOB)
    assert "unchanged alice" in said
    assert SystemVersion.objects.count() == 2


def test_a_changed_entry_becomes_a_new_version(folder: Folder) -> None:
    folder.register(ALICE, BOB)
    said = folder.register(ALICE | {"licence": "MIT"}, BOB)
    assert "changed   alice" in said
    assert "licence: '' → 'MIT'" in said
    old, new = versions("alice")
    assert old.retired_at is not None
    assert (new.number, new.licence, new.retired_at) == (2, "MIT", None)
    assert old.licence == ""
    assert len(versions("bob")) == 1


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"licence": "MIT"}, True),
        ({"price_in": 99}, True),
        ({"links": {"home": "https://alice.example"}}, True),
        ({"organisation": "Alice GmbH"}, True),
        ({"tokens_per_second": 5}, True),
        ({"parameters": {"temperature": 1}}, False),
        ({"signature": {"languages": ["en"]}}, False),
        ({"limits": {"max_output_tokens": 5}}, False),
        ({"backend": "local", "entry": "arena.systems.offline.markov:reply", "path": None}, False),
    ],
)
def test_only_what_changes_an_output_changes_the_behaviour(folder: Folder, change: dict, same: bool) -> None:
    folder.register(ALICE)
    entry = {key: value for key, value in (ALICE | change).items() if value is not None}
    folder.register(entry)
    old, new = versions("alice")
    assert (old.behaviour == new.behaviour) is same


def test_other_outputs_in_the_file_are_another_behaviour(folder: Folder) -> None:
    folder.register(ALICE)
    folder.outputs({"Hi": "Good day"})
    assert "sha256" in folder.register(ALICE)
    old, new = versions("alice")
    assert old.behaviour != new.behaviour


def test_the_same_outputs_elsewhere_are_the_same_behaviour(folder: Folder) -> None:
    folder.register(ALICE)
    (folder.path / "moved.json").write_bytes((folder.path / "alice.json").read_bytes())
    folder.register(ALICE | {"path": "moved.json"})
    old, new = versions("alice")
    assert old.behaviour == new.behaviour


def test_a_weight_steers_without_a_new_version(folder: Folder) -> None:
    folder.register(ALICE)
    assert "weight: 1 → 3 (no new version)" in folder.register(ALICE | {"weight": 3})
    assert len(versions("alice")) == 1
    assert System.objects.get().weight == 3


def test_a_budget_steers_without_a_new_version_and_one_left_out_stays_as_it_is(folder: Folder) -> None:
    folder.register(ALICE)
    assert "daily_budget_usd: none → 2.5 (no new version)" in folder.register(ALICE | {"daily_budget_usd": 2.5})
    folder.register(ALICE)
    assert len(versions("alice")) == 1
    assert System.objects.get().daily_budget_usd == 2.5


def test_joining_and_leaving_are_events_for_everybody_to_read(folder: Folder) -> None:
    folder.register(ALICE, BOB)
    folder.register(ALICE | {"price_in": 7}, options={"retire_missing": True})
    told = SystemEvent.objects.order_by("id").values_list("system__name", "version__number", "kind")
    assert sorted(told[2:]) == [("alice", 1, "retired"), ("alice", 2, "registered"), ("bob", 1, "retired")]


def test_a_missing_system_is_told_and_retired_only_when_asked(folder: Folder) -> None:
    folder.register(ALICE, BOB)
    assert "missing   bob from the file" in folder.register(ALICE)
    assert versions("bob")[0].retired_at is None
    assert "missing   bob → retired" in folder.register(ALICE, options={"retire_missing": True})
    assert versions("bob")[0].retired_at is not None
    assert "bob" not in folder.register(ALICE)


def test_a_retired_system_comes_back_as_a_new_version(folder: Folder) -> None:
    folder.register(ALICE, BOB)
    folder.register(ALICE, options={"retire_missing": True})
    folder.register(ALICE, BOB)
    assert [version.number for version in versions("bob")] == [1, 2]
    assert versions("bob")[1].retired_at is None


def test_other_arenas_are_left_alone(folder: Folder) -> None:
    folder.register(ALICE)
    folder.register(BOB, arena="other", options={"retire_missing": True})
    assert versions("alice")[0].retired_at is None


def test_texts_of_the_arena_follow_the_file_but_its_kind_is_fixed(folder: Folder) -> None:
    folder.register(ALICE, demo=False)
    folder.register(ALICE, arena_name="New name")
    assert Arena.objects.get().name == "New name"
    assert (Arena.objects.get().listed_from_votes, Arena.objects.get().settled_from_votes) == (30, 300)
    folder.register(ALICE, listed_from_votes=50, settled_from_votes=500)
    folder.register(ALICE)
    assert (Arena.objects.get().listed_from_votes, Arena.objects.get().settled_from_votes) == (50, 500)
    with pytest.raises(CommandError, match="neither can change"):
        folder.register(ALICE, demo=True)


def test_a_new_arena_of_the_demo_is_a_demo(folder: Folder) -> None:
    folder.register(ALICE, options={"demo": True})
    folder.register(ALICE, options={"demo": True})
    assert Arena.objects.get().is_demo


def test_a_wrong_file_is_a_sentence_and_changes_nothing(folder: Folder) -> None:
    with pytest.raises(CommandError, match="system 'alice': weight"):
        folder.register(ALICE | {"weight": -1}, BOB)
    assert not Arena.objects.exists()


def test_a_failure_in_the_middle_leaves_nothing_behind(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    class Halt(Exception):
        pass

    create = SystemVersion.objects.create

    def fails(**values):
        if values["backend"] == "local":
            raise Halt
        return create(**values)

    monkeypatch.setattr(SystemVersion.objects, "create", fails)
    with pytest.raises(Halt):
        folder.register(ALICE, BOB)
    assert not Arena.objects.exists()
    assert not System.objects.exists()


def test_a_plan_that_no_longer_fits_is_refused(folder: Folder) -> None:
    folder.register(ALICE)
    file = registry.read_file(folder.write(ALICE | {"licence": "MIT"}), AddressPolicy())
    stale = registry.plan(file)
    registry.apply(stale)
    with pytest.raises(registry.PlanOutdated):
        registry.apply(stale)


def test_models_of_the_environment_are_added(folder: Folder, settings) -> None:
    settings.ENV = replace(
        settings.ENV, openai_base_url="http://127.0.0.1:9/v1", openai_models=["llama3"], openai_api_key="canary"
    )
    said = folder.register(ALICE, options={"from_env": True})
    assert "new       llama3" in said
    version = versions("llama3")[0]
    assert version.endpoint == {
        "base_url": "http://127.0.0.1:9/v1",
        "model": "llama3",
        "api_key_env": "OPENAI_API_KEY",
    }
    assert "canary" not in said + json.dumps(version.endpoint)


def test_a_stored_version_cannot_be_edited(folder: Folder) -> None:
    folder.register(ALICE)
    version = versions("alice")[0]
    version.licence = "MIT"
    with pytest.raises(VersionIsImmutable):
        version.save()


@pytest.mark.parametrize(("base_url", "models"), [("http://127.0.0.1:9/v1", []), ("", ["llama3"])])
def test_half_an_environment_is_refused(folder: Folder, settings, base_url: str, models: list[str]) -> None:
    settings.ENV = replace(settings.ENV, openai_base_url=base_url, openai_models=models)
    with pytest.raises(CommandError, match="belong together"):
        folder.register(ALICE, options={"from_env": True})
