"""Publishing: files first, manifest last, then the row; whatever breaks, nothing half is visible."""

import contextlib
import itertools

import pytest
from django.db import IntegrityError, transaction

from arena.battles.models import Battle
from arena.common.storage import FolderStore, StoreAway
from arena.media.models import Clip
from data_releases import publish, services
from data_releases.chain import check_chain
from data_releases.manifest import sha256
from data_releases.models import Release, ReleaseState
from data_releases.publish import Place, PublishRefused
from data_releases.source import Unreadable
from tests.data_releases.publishing import Broken, Dying, november, reviewed, withdrawn
from tests.data_releases.world import sing

pytestmark = pytest.mark.django_db
LEAST_PART_BYTES = 5 * 1024 * 1024


@pytest.fixture
def october(draft, files):
    """It reviewed and published."""
    return publish.publish(files, reviewed(draft))


def test_the_salt_is_gone_with_publication(draft, files):
    assert len(bytes(draft.salt)) == 32
    assert publish.publish(files, reviewed(draft)).salt is None


def test_a_draft_is_not_published(draft, files):
    with pytest.raises(PublishRefused, match="review it first"):
        publish.publish(files, draft)


def test_killed_at_every_step_nothing_is_visible_or_all_is_there_and_a_second_try_ends_well(draft, folder):
    release = reviewed(draft)
    begun = transaction.savepoint()
    for survive in itertools.count(step=3):
        broken = Broken(folder, survive)
        try:
            publish.publish(broken, release)
        except StoreAway:
            release.refresh_from_db()
            if release.state != ReleaseState.PUBLISHED:
                # Nobody is served from a release that is not public, and its manifest is missing or fits.
                with contextlib.suppress(Unreadable):
                    assert publish.verified(broken, release, Place.PUBLIC).problems == []
        else:
            break
        assert publish.publish(broken, release).state == ReleaseState.PUBLISHED
        assert publish.verified(broken, release).problems == []
        # Back to the reviewed draft, with nothing in the store but its files.
        content = {key: b"".join(broken.read(key)) for key in broken.keys("releases")}
        transaction.savepoint_rollback(begun)
        begun = transaction.savepoint()
        release.refresh_from_db()
        for key, body in content.items():
            FolderStore.delete(broken, key)
            FolderStore.put(broken, key.replace("releases/", "drafts/", 1), body)
    assert survive > 20


def test_a_draft_that_was_touched_after_the_review_is_refused(draft, files):
    release = reviewed(draft)
    key = publish.key_of(Place.DRAFT, release, "README.md")
    files.put(key, b"# Something else\n")
    with pytest.raises(PublishRefused, match=r"README\.md"):
        publish.publish(files, release)
    files.put(publish.key_of(Place.DRAFT, release, "manifest.json"), b"{}")
    with pytest.raises(PublishRefused, match="not the one that was reviewed"):
        publish.publish(files, release)


def test_a_withdrawn_release_is_out_of_sight_and_stays_withdrawn(october, files):
    release = withdrawn(files, october)
    assert release.state == ReleaseState.WITHDRAWN
    assert files.keys("releases") == []
    assert publish.verified(files, release).problems == []
    with pytest.raises(IntegrityError), transaction.atomic():
        Release.objects.filter(pk=release.pk).update(state=ReleaseState.PUBLISHED)
    assert withdrawn(files, release).state == ReleaseState.WITHDRAWN


def test_the_next_release_carries_the_votes_of_all_before_it(october, files, monkeypatch):
    second = publish.publish(files, reviewed(november(october.arena, monkeypatch)))
    newer, older = publish.verified(files, second), publish.verified(files, october)
    check_chain(newer, older)
    assert newer.problems == []
    assert newer.manifest["previous"]["release"] == "2026-10"
    board = b"".join(files.read(publish.key_of(Place.PUBLIC, second, "leaderboard.json"))).decode()
    assert '"counted":4' in board
    assert '"prior":20' in board
    check_chain(older, newer)
    assert older.problems == [("manifest.json", "it does not follow release 2026-11")]


def test_a_withdrawn_release_still_counts_for_the_next(october, files, monkeypatch):
    withdrawn(files, october)
    second = publish.publish(files, reviewed(november(october.arena, monkeypatch)))
    assert publish.verified(files, second).manifest["counts"]["rows"]["prior_tallies"] == 3


def test_a_draft_built_before_another_release_came_out_is_refused(draft, files, monkeypatch):
    second = november(draft.arena, monkeypatch)
    publish.publish(files, reviewed(draft))
    with pytest.raises(PublishRefused, match="build anew"):
        publish.publish(files, reviewed(second))


def test_killed_before_each_upload_to_a_real_s3_server_nothing_half_is_there_and_at_last_all_of_it_verifies(
    bucket, draft, built, monkeypatch
):
    monkeypatch.setattr(services, "store", lambda: bucket)
    # Larger than what goes up at once: in parts, as small as S3 takes them.
    monkeypatch.setattr("arena.common.bucket.PART_BYTES", LEAST_PART_BYTES)
    large = bytes(LEAST_PART_BYTES + 1)
    sing(bucket, Battle.objects.latest("created_at"))
    clip = Clip.objects.latest("id")
    bucket.put(clip.key, large)
    Clip.objects.filter(pk=clip.pk).update(bytes=len(large), sha256=sha256(large))
    release = reviewed(built(draft.arena))
    dying = Dying(bucket)
    for survive in itertools.count():
        dying.left = survive
        try:
            publish.publish(dying, release)
        except StoreAway:
            release.refresh_from_db()
            assert release.state == ReleaseState.REVIEWED
            found = [key for key in bucket.keys("releases") if key.endswith("manifest.json")]
            assert not found
        else:
            break
    checked = publish.verified(bucket, release)
    assert checked.problems == []
    clips = checked.tables["clips"]["path"].to_pylist()
    assert len(clips) == 2
    folder = "releases/text/2026-10/"
    paths = {*clips, *(entry["path"] for entry in release.manifest["files"]), "manifest.json"}
    assert {key.removeprefix(folder) for key in bucket.keys(folder.rstrip("/"))} == paths
    assert survive == len(paths)
    assert bucket.keys("drafts") == []
