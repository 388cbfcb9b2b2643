"""A clip is in a draft where consent, terms and filter allow it, and is published with all others or not at all."""

import contextlib
from collections import Counter

import pytest

from arena.arenas.models import Arena, Modality
from arena.battles.models import Battle
from arena.common.storage import FolderStore, StoreAway
from arena.media.models import Clip
from arena.systems.models import SystemVersion
from arena.votes.withdrawals import withdraw_battle
from data_releases import publish, revisions, services
from data_releases.models import Release, ReleasePolicy, ReleaseState
from data_releases.publish import Place, PublishRefused
from tests.data_releases.conftest import folder_of, rows, songs
from tests.data_releases.publishing import Broken, build_october, reviewed, withdrawn
from tests.data_releases.world import OCTOBER, add_song, make_music
from tests.kept_rows import kept_rows

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def built_once(tmp_path_factory, django_db_setup, django_db_blocker):
    """October, built once with the clips of two battles, and where it lies."""
    root = tmp_path_factory.mktemp("once") / "store"
    files = FolderStore(root)
    with kept_rows(django_db_blocker):
        arena = make_music()
        add_song(files, arena, 1)
        add_song(files, arena, 2)
        yield build_october(arena, files), root


@pytest.fixture
def gone(draft):
    """A battle that a visitor is about to withdraw."""
    return Battle.objects.latest("created_at")


NOT_TO_BE_HEARD = {
    "no consent": ("no_consent", {"publication": False}),
    "personal data asked for": ("personal_data", {"prompt": "Sing about anna@example.org"}),
    "personal data sung": ("personal_data", {"clip": {"lyrics": "Call me at +33 6 12 34 56 78"}}),
    "erased": ("erased", {"prompt": ""}),
}


def test_what_may_not_be_published_is_not_heard_either(draft, built, files, folder):
    heard = {row["battle_id"] for row in rows(folder, draft, "clips")}
    for number, (_status, told) in enumerate(NOT_TO_BE_HEARD.values(), 3):
        silent = add_song(files, draft.arena, number, **told)
        assert silent.publication is told.get("publication", True)
    release = built(draft.arena)
    assert len(songs(folder, release)) == len(rows(folder, release, "clips")) == 4
    assert {row["battle_id"] for row in rows(folder, release, "clips")} == heard
    assert release.manifest["withheld_texts"] == Counter(status for status, _told in NOT_TO_BE_HEARD.values())


def test_a_licence_that_forbids_it_keeps_the_clips_of_that_system_inside(draft, built, folder):
    SystemVersion.objects.filter(system__name="Bert").update(release_outputs=False)
    release = built(draft.arena)
    heard = rows(folder, release, "clips")
    assert sorted(songs(folder, release)) == sorted(row["path"] for row in heard)
    whose = {one["response_id"]: one["system_id"] for one in rows(folder, release, "responses")}
    assert [whose[row["response_id"]] for row in heard] == ["Ada v1"] * 2


def test_without_texts_there_are_no_clips(draft, folder):
    assert not services.policy_of(Arena.objects.create(slug="other", modality=Modality.MUSIC)).publishes_texts
    ReleasePolicy.objects.update(publishes_texts=False)
    release = services.build_release(draft.arena, OCTOBER)
    assert songs(folder, release) == {}


def test_built_again_it_is_the_same_and_what_is_not_listed_any_more_goes(draft, gone, built, folder):
    assert built(draft.arena).manifest_sha256 == draft.manifest_sha256
    assert len(songs(folder, draft)) == 4
    Battle.objects.filter(pk=gone.pk).update(publication=False)
    again = built(draft.arena)
    assert len(songs(folder, again)) == 2
    assert publish.verified(services.store(), again).problems == []


def test_a_clip_that_the_store_has_lost_or_spoilt_is_left_out_and_counted(draft, built, files, folder):
    lost, spoilt = Clip.objects.order_by("id")[:2]
    files.delete(lost.key)
    files.put(spoilt.key, b"noise")
    release = built(draft.arena)
    assert release.manifest["audio"]["missing"] == 2
    assert len(songs(folder, release)) == 2
    assert publish.verified(files, release).problems == []


@pytest.mark.parametrize("harm", [lambda path: path.unlink(), lambda path: path.write_bytes(b"no table")])
def test_a_release_whose_table_of_clips_is_lost_or_spoilt_can_be_withdrawn_and_not_published(
    draft, folder, files, harm
):
    draft = reviewed(draft)
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


def test_a_draft_that_lost_a_clip_is_not_published(draft, folder, files):
    draft = reviewed(draft)
    (folder_of(folder, draft) / rows(folder, draft, "clips")[0]["path"]).unlink()
    with pytest.raises(PublishRefused, match="it is not in the store"):
        publish.publish(files, draft)
    draft.refresh_from_db()
    assert draft.state == ReleaseState.REVIEWED


def test_a_clip_of_a_refused_publication_is_not_served_by_the_next_one(draft, gone, built, folder, files, monkeypatch):
    draft = reviewed(draft)
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
    assert set(songs(folder, release)) == {row["path"] for row in rows(folder, release, "clips")}
    assert len(songs(folder, release)) == 2


def test_who_publishes_what_another_just_published_takes_no_clip_away(draft, folder, files):
    draft = reviewed(draft)

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


def test_killed_at_any_step_it_is_whole_or_not_to_be_seen(draft, folder):
    draft = reviewed(draft)
    ended = False
    for survive in range(0, 60, 3):
        with contextlib.suppress(StoreAway):
            publish.publish(Broken(folder, survive), draft)
            ended = True
        draft.refresh_from_db()
        if draft.state == "published":
            assert publish.verified(services.store(), draft).problems == []
        if ended:
            break
    assert survive > 20
    assert draft.state == "published"
    assert not services.store().keys("drafts")
    assert Release.objects.count() == 1
