"""Releases of older schemas are checked, revised and compared as those of today."""

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db.models.functions import Now

from arena.systems.models import SystemVersion
from arena.votes.withdrawals import withdraw_battle
from data_releases import publish, revisions, schema
from data_releases.manifest import MANIFEST, sha256, signed
from data_releases.models import Release, ReleasedBattle, ReleaseState
from data_releases.older import tables_of
from data_releases.verify_command import main
from tests.ballots import make_arena, make_versions
from tests.data_releases.conftest import folder_of
from tests.data_releases.tampering import sign_again
from tests.data_releases.world import OCTOBER, add_battle

DATA = Path(__file__).resolve().parents[1] / "data"
OLDER = [1, 2, 3]


def sample(version):
    return DATA / f"release-schema-{version}"


@pytest.mark.parametrize("version", OLDER)
def test_a_release_of_an_older_schema_verifies(version, capsys):
    assert json.loads((sample(version) / MANIFEST).read_text())["schema_version"] == version
    assert main([str(sample(version))]) == 0
    assert "leaderboard" in capsys.readouterr().out


@pytest.mark.parametrize("version", OLDER)
def test_a_touched_one_is_named(version, tmp_path, capsys):
    copy = Path(shutil.copytree(sample(version), tmp_path / "copy"))
    table = pq.read_table(copy / "votes.parquet")
    pq.write_table(table.slice(1), copy / "votes.parquet")
    assert main([str(copy)]) == 1
    assert "MISMATCH votes.parquet" in capsys.readouterr().out


def test_an_old_table_that_makes_no_sense_is_a_mismatch_and_no_crash(tmp_path, capsys):
    copy = Path(shutil.copytree(sample(1), tmp_path / "copy"))
    table = pq.read_table(copy / "battles.parquet")
    place = table.schema.get_field_index("split")
    (spec,) = [one for one in tables_of(1) if one.name == "battles"]
    odd = table.set_column(place, "split", pa.array(["elsewhere"] * len(table)))
    (copy / "battles.parquet").write_bytes(schema.parquet_bytes(spec, odd))
    sign_again(copy)
    assert main([str(copy)]) == 1
    assert "MISMATCH manifest.json: its tables are none of schema 1" in capsys.readouterr().out


def test_of_a_schema_to_come_it_says_that_a_newer_program_is_needed(tmp_path, capsys):
    copy = Path(shutil.copytree(sample(3), tmp_path / "copy"))
    manifest = json.loads((copy / MANIFEST).read_text()) | {"schema_version": schema.SCHEMA_VERSION + 1}
    (copy / MANIFEST).write_bytes(signed(manifest, Ed25519PrivateKey.generate()))
    assert main([str(copy)]) == 1
    assert f"this program knows 1 to {schema.SCHEMA_VERSION}: take a newer one" in capsys.readouterr().out


@pytest.mark.parametrize("version", OLDER)
def test_its_tables_are_those_that_its_manifest_names(version):
    entries = {entry["path"]: entry for entry in json.loads((sample(version) / MANIFEST).read_text())["files"]}
    specs = tables_of(version)
    assert {spec.file for spec in specs} == {path for path in entries if path.endswith(".parquet")}
    assert all(entries[spec.file]["schema_sha256"] == schema.schema_sha256(spec) for spec in specs)


@pytest.fixture
def public(files, db):
    """An old release of the sample, as it would lie in the store of a site that was upgraded since."""

    def put(version):
        arena = make_arena()
        content = {path.name: path.read_bytes() for path in sample(version).iterdir()}
        for name, body in content.items():
            files.put(f"releases/text/2026-10/{name}", body)
        return Release.objects.create(
            arena=arena,
            name="2026-10",
            window_start=OCTOBER.start,
            window_end=OCTOBER.end,
            state=ReleaseState.PUBLISHED,
            embargo_days=30,
            manifest=json.loads(content[MANIFEST]),
            leaderboard=json.loads(content["leaderboard.json"]),
            manifest_sha256=sha256(content[MANIFEST]),
            published_at=Now(),
        )

    return put


@pytest.mark.parametrize("version", OLDER)
def test_what_is_withdrawn_leaves_it_by_a_revision_of_todays_schema(public, files, folder, version, capsys):
    release = public(version)
    release.refresh_from_db()
    told = pq.read_table(sample(version) / "conversations.parquet")["battle_id"][0].as_py()
    ada, bert = make_versions(release.arena, ["Ada", "Bert"])
    battle = add_battle(release.arena, ada, bert).battle
    ReleasedBattle.objects.create(battle=battle, release=release, row=told)
    withdraw_battle(battle.id, vote=True)
    (second,) = revisions.revise_all(files, release.arena)
    assert (second.name, second.manifest["schema_version"]) == ("2026-10.r2", schema.SCHEMA_VERSION)
    assert second.manifest["counts"]["cast"] == release.manifest["counts"]["cast"] - 1
    assert second.manifest["supersedes"] == {"release": "2026-10", "manifest_sha256": release.manifest_sha256}
    new = str(folder_of(folder, second))
    assert main([new]) == main(["--diff", str(sample(version)), new]) == 0
    out = capsys.readouterr().out
    assert "votes.parquet: removed" in out
    assert f"battles.parquet: removed {told}: withdrawn in revision 2" in out
    assert "NOT EXPLAINED" not in out
    assert SystemVersion.objects.count() == 2
    assert publish.verified(files, second).problems == []


def test_a_split_by_prompts_alone_says_so_and_keeps_voters_in_one_part(public, files, folder):
    release = public(1)
    told = pq.read_table(sample(1) / "conversations.parquet")["battle_id"][0].as_py()
    ada, bert = make_versions(release.arena, ["Ada", "Bert"])
    battle = add_battle(release.arena, ada, bert).battle
    ReleasedBattle.objects.create(battle=battle, release=release, row=told)
    withdraw_battle(battle.id, vote=False)
    (second,) = revisions.revise_all(files, release.arena)
    assert second.manifest["split"]["near_duplicates"] == "equal first prompts"
    folder = folder_of(folder, second)
    part_of = {row["battle_id"]: row["split"] for row in pq.read_table(folder / "battles.parquet").to_pylist()}
    parts = {
        (row["voter_pid"], part_of[row["battle_id"]]) for row in pq.read_table(folder / "votes.parquet").to_pylist()
    }
    kept = [voter for voter, part in parts if part != "mixed"]
    assert len(kept) == len(set(kept))
