"""Clips of music are in a release where consent, terms and filter allow it, and go when they are withdrawn."""

import contextlib
import fnmatch
import hashlib
import json
import re
import shutil
from functools import partial

import pyarrow.parquet as pq
import pytest
from django.core.management import call_command

from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.common.storage import FolderStore, StoreAway
from arena.media import audio
from arena.media.models import Clip
from arena.rankings.moments import moment_of
from arena.systems.models import SystemVersion
from arena.votes.withdrawals import withdraw_battle
from data_releases import publish, revisions, services
from data_releases.audio import path_of
from data_releases.found import Verified
from data_releases.models import Release, ReleasePolicy, ReleaseState
from data_releases.publish import Place, PublishRefused
from data_releases.release_command import DONE, status_of
from data_releases.verify_command import main
from tests.data_releases.conftest import folder_of
from tests.data_releases.publishing import Broken, reviewed, withdrawn
from tests.data_releases.tampering import ROOT
from tests.data_releases.world import OCTOBER, add_song, make_music
from tests.media.sounds import melody

pytestmark = pytest.mark.django_db


@pytest.fixture
def music():
    return make_music()


@pytest.fixture
def battle(music, files):
    """Adds a voted battle of music with two clips."""
    return partial(add_song, files, music)


def rows(root, release, name="clips"):
    return pq.read_table(folder_of(root, release) / f"{name}.parquet").to_pylist()


def songs(root, release):
    """The files under `audio/` by path."""
    own = folder_of(root, release)
    return {path.relative_to(own).as_posix(): path.read_bytes() for path in (own / "audio").glob("*")}


def test_a_clip_is_there_to_the_byte_and_the_release_verifies(battle, published, folder, capsys):
    sound = audio.profiled(melody(1.0), 1.0).data
    battle(clip={"sound": sound, "lyrics": "La la la"})
    release = published(Arena.objects.get())
    assert set(songs(folder, release).values()) == {sound}
    assert not sound.startswith(b"ID3")
    assert b"TAG" not in sound[-128:]
    for row in rows(folder, release):
        assert row["path"] == path_of(row["response_id"])
        assert (row["duration_s"], row["lyrics"], row["bytes"]) == (30.0, "La la la", len(sound))
    sides = {row["response_id"]: row["side"] for row in rows(folder, release, "responses")}
    assert {sides[row["response_id"]] for row in rows(folder, release)} == {"left", "right"}
    assert release.manifest["audio"] == {"clips": 2, "bytes": 2 * len(sound), "missing": 0}
    assert main([str(folder_of(folder, release))]) == 0
    assert "2 clips have the bytes that clips.parquet names" in capsys.readouterr().out


@pytest.mark.filterwarnings("ignore")
def test_croissant_is_valid_and_its_records_lead_to_the_clips(battle, published, folder):
    import mlcroissant  # half a second that every process would take to collect the tests

    battle()
    release = published(Arena.objects.get())
    dataset = mlcroissant.Dataset(str(folder_of(folder, release) / "croissant.json"))
    assert not dataset.metadata.ctx.issues.errors
    (files,) = [one for one in dataset.metadata.distribution if isinstance(one, mlcroissant.FileSet)]
    sung = songs(folder, release)
    assert sorted(sung) == sorted(fnmatch.filter(sung, *files.includes))
    told = {one["clips/path"].decode(): one["clips/sha256"].decode() for one in dataset.records("clips")}
    assert told == {path: hashlib.sha256(sound).hexdigest() for path, sound in sung.items()}


def test_the_snippets_of_the_readme_lead_from_clips_to_systems(battle, published, folder, monkeypatch, capsys):
    battle()
    release = published(Arena.objects.get())
    monkeypatch.chdir(folder_of(folder, release))
    snippets = re.findall(r"```python\n(.*?)```", (folder_of(folder, release) / "README.md").read_text(), re.DOTALL)
    exec("".join(code for code in snippets if "pd.read_parquet" in code), {})
    told = capsys.readouterr().out
    assert "Ada v1" in told
    assert all(path in told for path in songs(folder, release))


def test_no_key_of_the_store_is_in_it(battle, published, folder):
    battle()
    release = published(Arena.objects.get())
    keys = [key.rpartition("/")[2] for key in Clip.objects.values_list("key", flat=True)]
    told = [json.dumps(pq.read_table(path).to_pylist()) for path in folder_of(folder, release).glob("*.parquet")]
    told += songs(folder, release)
    assert len(keys) == 2
    assert not [key for key in keys for text in told if key in text]


@pytest.mark.parametrize(
    ("status", "more", "clip"),
    [
        ("no_consent", {"publication": False}, {}),
        ("personal_data", {"prompt": "Sing about anna@example.org"}, {}),
        ("personal_data", {}, {"lyrics": "Call me at +33 6 12 34 56 78"}),
        ("erased", {"prompt": ""}, {}),
    ],
    ids=["no consent", "personal data asked for", "personal data sung", "erased"],
)
def test_what_may_not_be_published_is_not_heard_either(battle, built, folder, status, more, clip):
    battle(1)
    silent = battle(2, clip=clip, **more)
    release = built(Arena.objects.get())
    assert len(songs(folder, release)) == len(rows(folder, release)) == 2
    assert silent.publication is more.get("publication", True)
    assert release.manifest["withheld_texts"] == {status: 1}


def test_a_licence_that_forbids_it_keeps_the_clips_of_that_system_inside(battle, built, folder):
    battle()
    SystemVersion.objects.filter(system__name="Bert").update(release_outputs=False)
    release = built(Arena.objects.get())
    (row,) = rows(folder, release)
    assert list(songs(folder, release)) == [row["path"]]
    whose = {one["response_id"]: one["system_id"] for one in rows(folder, release, "responses")}
    assert whose[row["response_id"]] == "Ada v1"


def test_without_texts_there_are_no_clips(battle, music, folder):
    battle()
    assert not services.policy_of(music).publishes_texts
    release = services.build_release(music, OCTOBER)
    assert songs(folder, release) == {}


def test_built_again_it_is_the_same_and_what_is_not_listed_any_more_goes(battle, music, built, folder):
    battle(1)
    second = battle(2)
    first = built(music)
    assert built(music).manifest_sha256 == first.manifest_sha256
    assert len(songs(folder, first)) == 4
    Battle.objects.filter(pk=second.pk).update(publication=False)
    again = built(music)
    assert len(songs(folder, again)) == 2
    assert publish.verified(services.store(), again).problems == []


def test_a_clip_that_the_store_has_lost_or_spoilt_is_left_out_and_counted(battle, built, files, folder):
    battle(1)
    battle(2)
    lost, spoilt = Clip.objects.order_by("id")[:2]
    files.delete(lost.key)
    files.put(spoilt.key, b"noise")
    release = built(Arena.objects.get())
    assert release.manifest["audio"]["missing"] == 2
    assert len(songs(folder, release)) == 2
    assert publish.verified(files, release).problems == []


@pytest.mark.parametrize(
    ("harm", "named"),
    [
        (lambda path: path.write_bytes(b"another sound"), "its bytes are not those that clips.parquet names"),
        (lambda path: path.write_bytes(path.read_bytes() + b"ID3 by Ada"), "more than"),
        (lambda path: path.unlink(), "No such file"),
    ],
    ids=["exchanged", "longer", "missing"],
)
def test_a_touched_clip_is_named(battle, published, folder, tmp_path, capsys, harm, named):
    battle()
    release = published(Arena.objects.get())
    copy = shutil.copytree(folder_of(folder, release), tmp_path / "copy")
    path = next((copy / "audio").iterdir())
    harm(path)
    assert main([str(copy)]) == 1
    assert f"MISMATCH audio/{path.name}: {named}" in capsys.readouterr().out
    assert main([str(copy), "--no-audio"]) == 0
    # Nobody downloads clips to export votes.
    assert status_of(str(copy), Verified.require_good) == DONE
    assert "2 clips not read: --no-audio" in capsys.readouterr().out


@pytest.mark.parametrize("vote", [False, True], ids=["the text", "the vote too"])
def test_a_withdrawn_clip_leaves_by_a_revision_that_explains_it(
    battle, published, folder, files, tmp_path, capsys, vote
):
    battle(1)
    gone = battle(2)
    first = published(Arena.objects.get())
    old = shutil.copytree(folder_of(folder, first), tmp_path / "old")
    withdraw_battle(gone.id, vote=vote)
    (second,) = revisions.revise_all(files, first.arena)
    assert len(songs(folder, second)) == 2
    assert second.manifest["audio"]["clips"] == 2
    assert not files.keys("releases/music/2026-10")
    stones = [stone for stone in rows(folder, second, "tombstones") if stone["file"] == "clips.parquet"]
    assert {stone["what"] for stone in stones} == {"removed"}
    assert len(stones) == 2
    new = folder_of(folder, second)
    assert main([str(new)]) == main(["--diff", str(old), str(new)]) == 0
    assert "clips.parquet: removed" in capsys.readouterr().out


def test_a_revision_is_not_made_while_a_clip_that_stays_is_lost(battle, published, folder, files):
    battle(1)
    gone = battle(2)
    first = published(Arena.objects.get())
    row = next(row for row in rows(folder, first) if row["battle_id"] != released_as(gone))
    (folder_of(folder, first) / row["path"]).unlink()
    withdraw_battle(gone.id, vote=True)
    with pytest.raises(PublishRefused, match="1 clips of music 2026-10 are not in the store"):
        revisions.revise_all(files, first.arena)
    taken = withdrawn(files, first)
    assert taken.state == ReleaseState.WITHDRAWN
    assert files.keys("releases") == []
    assert len(songs(folder, taken)) == 3
    assert publish.verified(files, taken).problems == [(row["path"], "it is not in the store")]


@pytest.mark.parametrize("harm", [lambda path: path.unlink(), lambda path: path.write_bytes(b"no table")])
def test_a_release_whose_table_of_clips_is_lost_or_spoilt_can_be_withdrawn_and_not_published(
    battle, built, folder, files, harm
):
    battle()
    draft = reviewed(built(Arena.objects.get()))
    table = folder_of(folder, draft) / "clips.parquet"
    whole = table.read_bytes()
    harm(table)
    with pytest.raises(PublishRefused, match=r"clips\.parquet"):
        publish.publish(files, draft)
    table.write_bytes(whole)
    release = publish.publish(files, draft)
    harm(folder_of(folder, release) / "clips.parquet")
    assert withdrawn(files, release).state == ReleaseState.WITHDRAWN
    assert files.keys("releases") == []


def test_a_draft_that_lost_a_clip_is_not_published(battle, built, folder, files):
    battle()
    draft = reviewed(built(Arena.objects.get()))
    (folder_of(folder, draft) / rows(folder, draft)[0]["path"]).unlink()
    with pytest.raises(PublishRefused, match="it is not in the store"):
        publish.publish(files, draft)
    draft.refresh_from_db()
    assert draft.state == ReleaseState.REVIEWED


def test_a_clip_of_a_refused_publication_is_not_served_by_the_next_one(battle, built, folder, files, monkeypatch):
    battle(1)
    gone = battle(2)
    draft = reviewed(built(Arena.objects.get()))
    # The wish comes when the files are copied, before the row is opened.
    verified = publish.verified

    def wished(*args, **more):
        withdraw_battle(gone.id, vote=False)
        return verified(*args, **more)

    monkeypatch.setattr(publish, "verified", wished)
    with pytest.raises(PublishRefused, match="withdrawn since"):
        publish.publish(files, draft)
    monkeypatch.setattr(publish, "verified", verified)
    assert len(list((folder / "releases/music/2026-10/audio").iterdir())) == 4
    revisions.discard_outdated(files, draft.arena)
    release = publish.publish(files, reviewed(built(draft.arena)))
    assert set(songs(folder, release)) == {row["path"] for row in rows(folder, release)}
    assert len(songs(folder, release)) == 2


def test_a_simulated_month_of_music_is_released_without_clips_and_says_so(published, files, folder):
    call_command("register_systems", ROOT / "ops" / "demo_music.yaml", apply=True)
    first, last = OCTOBER.start.isoformat(), OCTOBER.end.isoformat()
    call_command("simulate_votes", arena="music", battles=30, seed=2, start=moment_of(first), end=moment_of(last))
    release = published(Arena.objects.get())
    assert release.manifest["simulated"]
    assert (release.manifest["counts"]["cast"], release.manifest["counts"]["counted"]) == (30, 30)
    assert release.manifest["audio"] == {"clips": 0, "bytes": 0, "missing": 0}
    # Nothing was heard, so nothing is told of it.
    assert rows(folder, release, "listening") == []
    assert {row["status"] for row in rows(folder, release, "responses")} == {"complete"}
    assert publish.verified(files, release).problems == []


def test_who_publishes_what_another_just_published_takes_no_clip_away(battle, built, folder, files):
    battle()
    draft = reviewed(built(Arena.objects.get()))

    class Late(FolderStore):
        """The other one publishes between the reading of the manifest and that of the table of clips."""

        def size(self, key):
            if key == publish.key_of(Place.DRAFT, draft, "clips.parquet"):
                publish.publish(files, Release.objects.get(pk=draft.pk))
            return super().size(key)

    with pytest.raises(PublishRefused, match="published"):
        publish.publish(Late(folder), draft)
    release = Release.objects.get()
    assert release.state == ReleaseState.PUBLISHED
    assert publish.verified(files, release).problems == []


def released_as(battle):
    from data_releases.models import ReleasedBattle

    return ReleasedBattle.objects.get(battle=battle).row


def test_killed_at_any_step_it_is_whole_or_not_to_be_seen(battle, music, folder):
    battle()
    ReleasePolicy.objects.filter(pk=services.policy_of(music).pk).update(publishes_texts=True)
    draft = reviewed(services.build_release(music, OCTOBER))
    for survive in range(0, 60, 3):
        with contextlib.suppress(StoreAway):
            publish.publish(Broken(folder, survive), draft)
        draft.refresh_from_db()
        if draft.state == "published":
            assert publish.verified(services.store(), draft).problems == []
    assert draft.state == "published"
    assert not services.store().keys("drafts")
    assert Release.objects.count() == 1
