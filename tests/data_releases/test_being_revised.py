"""From the moment of a wish on nobody is given what is withdrawn, and the revision is rung for at once."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import DjangoDbBlocker

from arena.battles.models import Battle
from arena.common import queue
from arena.common.models import OutboxMessage
from arena.common.storage import FolderStore
from arena.systems.models import SystemVersion
from arena.votes.withdrawals import withdraw_battle
from data_releases import services
from data_releases.models import Release
from data_releases.selectors import being_revised
from tests.data_releases.conftest import own_copy
from tests.data_releases.publishing import publish_october
from tests.data_releases.world import add_battle, make_world
from tests.kept_rows import kept_rows
from workers import releases

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def once(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[tuple[Release, Path]]:
    """October, published once, and where it lies."""
    root = tmp_path_factory.mktemp("once") / "store"
    with kept_rows(django_db_blocker):
        yield publish_october(make_world(12), FolderStore(root)), root


@pytest.fixture
def release(once: tuple[Release, Path], folder: Path, db: None, monkeypatch: pytest.MonkeyPatch) -> Release:
    """It in this test's own store."""
    monkeypatch.setattr("data_releases.downloads.store", lambda: FolderStore(folder))
    monkeypatch.setattr("workers.releases.store", lambda: FolderStore(folder))
    return own_copy(once, folder)


def get(path: str = "") -> object:
    return Client().get(f"/releases/text/2026-10{path}")


def withdraw(*, vote: bool = False) -> None:
    withdraw_battle(Battle.objects.earliest("created_at").id, vote=vote)


@pytest.mark.parametrize("vote", [False, True], ids=["the text", "the vote too"])
def test_from_the_wish_on_no_table_is_given_away_until_the_revision_is_out(release, vote):
    etag = get("/votes.parquet")["ETag"]
    withdraw(vote=vote)
    for path in ("/votes.parquet", "/conversations.parquet", f"/audio/{'0' * 16}.mp3"):
        response = get(path)
        assert (response.status_code, response["Retry-After"], response["Cache-Control"]) == (503, "60", "no-store")
        assert "being revised" in response.content.decode()
    # Whoever has a copy is not told that it is still the same.
    assert Client().get("/releases/text/2026-10/votes.parquet", headers={"If-None-Match": etag}).status_code == 503
    # What tells of all battles together stays.
    assert [get(path).status_code for path in ("/manifest.json", "/leaderboard.json", "/DATACARD.md")] == [200] * 3
    assert "Being revised" in get().content.decode()
    assert "Being revised" in Client().get("/releases").content.decode()
    (listed,) = Client().get("/api/v1/releases").json()["releases"]
    assert listed["being_revised"]
    releases.revise_releases(release.arena_id)
    assert get().status_code == 302
    assert Client().get("/releases/text/2026-10.r2/votes.parquet").status_code == 200
    assert "Being revised" not in Client().get("/releases/text/2026-10.r2").content.decode()


def test_a_wish_rings_for_its_revision(release):
    OutboxMessage.objects.all().delete()
    withdraw()
    assert [[m.task, m.args] for m in OutboxMessage.objects.all()] == [[queue.REVISE_RELEASES, [release.arena_id]]]


def test_while_a_release_is_built_the_wish_rings_again(release, monkeypatch):
    withdraw()
    OutboxMessage.objects.all().delete()

    def busy(_files, _arena):
        raise services.AlreadyBuilding("busy")

    monkeypatch.setattr("data_releases.revisions.take_back", busy)
    releases.revise_releases(release.arena_id)
    assert OutboxMessage.objects.get().task == queue.REVISE_RELEASES


def test_a_revision_that_is_refused_is_a_warning(release, folder, caplog):
    withdraw()
    (folder / "releases/text/2026-10/votes.parquet").unlink()
    releases.revise_releases(release.arena_id)
    assert "text 2026-10 does not verify: votes.parquet" in caplog.text


def test_a_battle_of_a_month_that_is_not_released_disturbs_nobody(release):
    ada, bert = SystemVersion.objects.order_by("id")[:2]
    later = add_battle(release.arena, ada, bert, at=datetime(2026, 11, 20, tzinfo=UTC)).battle
    withdraw_battle(later.id, vote=False)
    assert not being_revised([release])
