"""Clips of music are in a release to the byte, with whose they are, and leave it by a revision."""

import fnmatch
import hashlib
import json
import re
import shutil

import pyarrow.parquet as pq
import pytest

from arena.battles.models import Battle
from arena.common.storage import FolderStore
from arena.media import audio
from arena.media.models import Clip
from arena.votes.withdrawals import withdraw_battle
from data_releases import publish, revisions
from data_releases.audio import path_of
from data_releases.found import Verified
from data_releases.models import ReleasedBattle, ReleaseState
from data_releases.publish import PublishRefused
from data_releases.release_command import DONE, status_of
from data_releases.verify_command import main
from tests.data_releases.conftest import folder_of, own_copy, rows, songs
from tests.data_releases.publishing import publish_october, withdrawn
from tests.data_releases.world import add_song, make_music
from tests.kept_rows import kept_rows
from tests.media.sounds import melody

pytestmark = pytest.mark.django_db
LYRICS = "La la la"


@pytest.fixture(scope="module")
def sound():
    """A song as a system leaves it."""
    return audio.encoded(melody(0.5))


@pytest.fixture(scope="module")
def once(sound, tmp_path_factory, django_db_setup, django_db_blocker):
    """October, published once for all that read it, with the clips of two battles, and where it lies."""
    root = tmp_path_factory.mktemp("once") / "store"
    files = FolderStore(root)
    with kept_rows(django_db_blocker):
        arena = make_music()
        add_song(files, arena, 1, clip={"sound": sound, "lyrics": LYRICS})
        add_song(files, arena, 2)
        yield publish_october(arena, files), root


@pytest.fixture
def release(once, folder, db):
    """It in this test's own store."""
    return own_copy(once, folder)


@pytest.fixture
def gone(release):
    """A battle that a visitor is about to withdraw."""
    return Battle.objects.latest("created_at")


def test_a_clip_is_there_to_the_byte_and_the_release_verifies(once, sound, capsys):
    release, root = once
    sung = songs(root, release)
    assert not sound.startswith(b"ID3")
    assert b"TAG" not in sound[-128:]
    own = [row for row in rows(root, release, "clips") if row["lyrics"] == LYRICS]
    for row in own:
        assert row["path"] == path_of(row["response_id"])
        assert (row["duration_s"], row["bytes"]) == (30.0, len(sound))
        assert sung[row["path"]] == sound
    sides = {row["response_id"]: row["side"] for row in rows(root, release, "responses")}
    assert {sides[row["response_id"]] for row in own} == {"left", "right"}
    assert len(own) == 2
    assert release.manifest["audio"] == {"clips": 4, "bytes": sum(map(len, sung.values())), "missing": 0}
    assert main([str(folder_of(root, release))]) == 0
    assert "4 clips have the bytes that clips.parquet names" in capsys.readouterr().out


@pytest.mark.filterwarnings("ignore")
def test_croissant_is_valid_and_its_records_lead_to_the_clips(once):
    import mlcroissant  # half a second that every process would take to collect the tests

    release, root = once
    dataset = mlcroissant.Dataset(str(folder_of(root, release) / "croissant.json"))
    assert not dataset.metadata.ctx.issues.errors
    (files,) = [one for one in dataset.metadata.distribution if isinstance(one, mlcroissant.FileSet)]
    sung = songs(root, release)
    assert sorted(sung) == sorted(fnmatch.filter(sung, *files.includes))
    told = {one["clips/path"].decode(): one["clips/sha256"].decode() for one in dataset.records("clips")}
    assert told == {path: hashlib.sha256(sound).hexdigest() for path, sound in sung.items()}


def test_the_snippets_of_the_readme_lead_from_clips_to_systems(once, monkeypatch, capsys):
    release, root = once
    monkeypatch.chdir(folder_of(root, release))
    snippets = re.findall(r"```python\n(.*?)```", (folder_of(root, release) / "README.md").read_text(), re.DOTALL)
    exec("".join(code for code in snippets if "pd.read_parquet" in code), {})
    told = capsys.readouterr().out
    assert "Ada v1" in told
    assert all(path in told for path in songs(root, release))


def test_no_key_of_the_store_is_in_it(release, folder):
    keys = [key.rpartition("/")[2] for key in Clip.objects.values_list("key", flat=True)]
    told = [json.dumps(pq.read_table(path).to_pylist()) for path in folder_of(folder, release).glob("*.parquet")]
    told += songs(folder, release)
    assert len(keys) == 4
    assert not [key for key in keys for text in told if key in text]


@pytest.mark.parametrize(
    ("harm", "named"),
    [
        (lambda path: path.write_bytes(b"another sound"), "its bytes are not those that clips.parquet names"),
        (lambda path: path.write_bytes(path.read_bytes() + b"ID3 by Ada"), "more than"),
        (lambda path: path.unlink(), "No such file"),
    ],
    ids=["exchanged", "longer", "missing"],
)
def test_a_touched_clip_is_named(once, tmp_path, capsys, harm, named):
    release, root = once
    copy = shutil.copytree(folder_of(root, release), tmp_path / "copy")
    path = next((copy / "audio").iterdir())
    harm(path)
    assert main([str(copy)]) == 1
    assert f"MISMATCH audio/{path.name}: {named}" in capsys.readouterr().out
    assert main([str(copy), "--no-audio"]) == 0
    # Nobody downloads clips to export votes.
    assert status_of(str(copy), Verified.require_good) == DONE
    assert "4 clips not read: --no-audio" in capsys.readouterr().out


@pytest.mark.parametrize("vote", [False, True], ids=["the text", "the vote too"])
def test_a_withdrawn_clip_leaves_by_a_revision_that_explains_it(release, gone, folder, files, tmp_path, capsys, vote):
    old = shutil.copytree(folder_of(folder, release), tmp_path / "old")
    withdraw_battle(gone.id, vote=vote)
    (second,) = revisions.revise_all(files, release.arena)
    assert len(songs(folder, second)) == 2
    assert second.manifest["audio"]["clips"] == 2
    assert not files.keys("releases/music/2026-10")
    stones = [stone for stone in rows(folder, second, "tombstones") if stone["file"] == "clips.parquet"]
    assert {stone["what"] for stone in stones} == {"removed"}
    assert len(stones) == 2
    new = folder_of(folder, second)
    assert main([str(new)]) == main(["--diff", str(old), str(new)]) == 0
    assert "clips.parquet: removed" in capsys.readouterr().out


def test_a_revision_is_not_made_while_a_clip_that_stays_is_lost(release, gone, folder, files):
    row = next(row for row in rows(folder, release, "clips") if row["battle_id"] != released_as(gone))
    (folder_of(folder, release) / row["path"]).unlink()
    withdraw_battle(gone.id, vote=True)
    with pytest.raises(PublishRefused, match="1 clips of music 2026-10 are not in the store"):
        revisions.revise_all(files, release.arena)
    taken = withdrawn(files, release)
    assert taken.state == ReleaseState.WITHDRAWN
    assert files.keys("releases") == []
    assert len(songs(folder, taken)) == 3
    assert publish.verified(files, taken).problems == [(row["path"], "it is not in the store")]


def released_as(battle):
    return ReleasedBattle.objects.get(battle=battle).row
