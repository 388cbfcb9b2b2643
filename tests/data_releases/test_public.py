"""A release that is public: whole where it lies, the same for good."""

import pytest
from django.db import IntegrityError, connection, transaction

from arena.common.storage import FolderStore
from data_releases import publish
from data_releases.models import Release, ReleaseState
from tests.data_releases.publishing import publish_october
from tests.data_releases.world import make_world
from tests.kept_rows import kept_rows

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """Where it lies."""
    return FolderStore(tmp_path_factory.mktemp("public"))


@pytest.fixture(scope="module")
def once(stored, django_db_setup, django_db_blocker):
    with kept_rows(django_db_blocker):
        yield publish_october(make_world(10), stored)


@pytest.fixture
def release(once, db):
    return Release.objects.select_related("arena").get(pk=once.pk)


def test_it_verifies_where_it_lies_and_its_draft_is_gone(once, stored):
    assert once.state == ReleaseState.PUBLISHED
    assert publish.verified(stored, once).problems == []
    assert stored.keys("drafts") == []


def test_publishing_twice_changes_nothing(release, stored):
    published_at = release.published_at
    assert publish.publish(stored, release).published_at == published_at


@pytest.mark.parametrize(
    "change",
    [
        {"manifest_sha256": "0" * 64},
        {"manifest": {}},
        {"name": "2026-11"},
        {"salt": b"x" * 32},
        {"state": "draft"},
        {"published_at": None},
        {"downloads": 0},
    ],
)
def test_a_published_release_cannot_be_changed_by_anybody(release, change):
    publish.count_download(release.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        Release.objects.filter(pk=release.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM data_releases_release WHERE id = %s", [release.pk])


def test_downloads_are_counted(release):
    publish.count_download(release.pk)
    publish.count_download(release.pk)
    release.refresh_from_db()
    assert release.downloads == 2
