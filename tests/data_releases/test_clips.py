"""Clips of music are in a release where consent, terms and filter allow it, and go when they are withdrawn."""

import contextlib
import json
import shutil

import pyarrow.parquet as pq
import pytest

from arena.arenas.models import Arena, Modality
from arena.battles.models import Battle, Response
from arena.common.storage import StoreAway
from arena.media import audio
from arena.media.models import Clip
from arena.systems.models import SystemVersion
from arena.votes.withdrawals import withdraw_battle
from data_releases import publish, revisions, services
from data_releases.audio import path_of
from data_releases.models import Release, ReleasePolicy
from data_releases.publish import PublishRefused
from data_releases.verify_command import main
from tests.ballots import make_versions
from tests.data_releases.conftest import folder_of
from tests.data_releases.publishing import Broken, reviewed
from tests.data_releases.world import OCTOBER, add_battle, sing
from tests.media.sounds import melody

pytestmark = pytest.mark.django_db


@pytest.fixture
def music():
    arena = Arena.objects.create(slug="music", name="Music", modality=Modality.MUSIC)
    make_versions(arena, ["Ada", "Bert"])
    SystemVersion.objects.update(release_outputs=True)
    return arena


@pytest.fixture
def battle(music, files):
    """Adds a voted battle of music with two clips."""

    def add(number=0, clip=None, **more):
        ada, bert = SystemVersion.objects.order_by("id")
        vote = add_battle(music, ada, bert, **{"prompt": f"Waltz {number}"} | more)
        Response.objects.filter(turn__battle=vote.battle).update(content="")
        sing(files, vote.battle, **clip or {})
        return vote.battle

    return add


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
