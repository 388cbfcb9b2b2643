"""Clips of a published release over HTTP: to the byte, in part, and not while somebody's wish waits."""

import hashlib
import io
from collections.abc import Iterator

import pyarrow.parquet as pq
import pytest
from pytest_django import DjangoDbBlocker

from arena.battles.models import Battle
from arena.common.storage import FolderStore, StoreAway
from arena.votes.withdrawals import withdraw_battle
from data_releases.models import Release
from tests.data_releases.publishing import publish_october
from tests.data_releases.world import add_song, make_music
from tests.kept_rows import kept_rows
from tests.web.conftest import Browser

pytestmark = pytest.mark.django_db
OCTOBER = "/releases/music/2026-10"


@pytest.fixture(scope="module")
def october(store: FolderStore, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[int]:
    """One battle of music, public once for all that read it: each test rolls back to here."""
    with kept_rows(django_db_blocker):
        arena = make_music()
        add_song(store, arena)
        yield publish_october(arena, store).pk


@pytest.fixture
def clip(newcomer: Browser, release: Release) -> dict:
    """What the table says about a clip, as anybody reads it."""
    table = b"".join(newcomer.get(f"{OCTOBER}/clips.parquet").streaming_content)
    named = {entry["path"]: entry["sha256"] for entry in release.manifest["files"]}
    assert hashlib.sha256(table).hexdigest() == named["clips.parquet"]
    return pq.read_table(io.BytesIO(table)).to_pylist()[0]


def test_a_clip_has_the_bytes_that_the_signed_table_names(newcomer: Browser, clip: dict) -> None:
    response = newcomer.get(f"{OCTOBER}/{clip['path']}")
    body = b"".join(response.streaming_content)
    assert response.status_code == 200
    assert (response["Content-Type"], response["Content-Length"]) == ("audio/mpeg", str(clip["bytes"]))
    assert (len(body), hashlib.sha256(body).hexdigest()) == (clip["bytes"], clip["sha256"])


@pytest.mark.parametrize(
    ("asked", "part"), [("bytes=0-9", slice(0, 10)), ("bytes=5-", slice(5, None)), ("bytes=-4", slice(-4, None))]
)
def test_a_part_of_a_clip_is_served(newcomer: Browser, clip: dict, asked: str, part: slice) -> None:
    url = f"{OCTOBER}/{clip['path']}"
    whole = b"".join(newcomer.get(url).streaming_content)
    response = newcomer.get(url, headers={"Range": asked})
    assert response.status_code == 206
    assert b"".join(response.streaming_content) == whole[part]
    start, stop, _step = part.indices(len(whole))
    assert response["Content-Range"] == f"bytes {start}-{stop - 1}/{len(whole)}"


def test_beyond_its_end_is_refused_and_who_has_it_gets_304(newcomer: Browser, clip: dict) -> None:
    url = f"{OCTOBER}/{clip['path']}"
    refused = newcomer.get(url, headers={"Range": "bytes=999999-"})
    assert (refused.status_code, refused["Content-Range"]) == (416, f"bytes */{clip['bytes']}")
    assert newcomer.get(url, headers={"If-None-Match": newcomer.get(url)["ETag"]}).status_code == 304


@pytest.mark.parametrize("path", [f"audio/{'0' * 16}.mp3", "audio/", "audio/..%2Fmanifest.json", "audio/x.mp3"])
def test_a_clip_that_is_not_in_it_is_not_found(newcomer: Browser, release: Release, path: str) -> None:
    assert newcomer.get(f"{OCTOBER}/{path}").status_code == 404


def test_a_store_that_is_away_is_said_so(newcomer: Browser, clip: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> FolderStore:
        raise StoreAway("gone")

    monkeypatch.setattr("data_releases.downloads.store", away)
    response = newcomer.get(f"{OCTOBER}/{clip['path']}")
    assert (response.status_code, response["Retry-After"]) == (503, "30")


def test_from_the_moment_it_is_withdrawn_it_is_not_given_away(newcomer: Browser, clip: dict) -> None:
    withdraw_battle(Battle.objects.get().id, vote=False)
    response = newcomer.get(f"{OCTOBER}/{clip['path']}")
    assert (response.status_code, response["Retry-After"]) == (503, "60")


def test_the_page_tells_how_many_clips_there_are(newcomer: Browser, release: Release, clip: dict) -> None:
    page = newcomer.get(OCTOBER).content.decode()
    assert "<dt>Clips</dt><dd>2</dd>" in page
    assert "of each file in clips.parquet" in page
    assert "Clips go with the texts of their battle" in page
