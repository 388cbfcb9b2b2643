"""Download pages: what is public is listed, explained and served, whole or in part."""

import io
import json
import re
from collections.abc import Iterator

import pyarrow.parquet as pq
import pytest
from django.test import Client
from pytest_django import DjangoDbBlocker

from arena.common.storage import FolderStore
from data_releases import publish
from data_releases.manifest import read_manifest
from data_releases.models import Release
from data_releases.publish import Place
from tests.data_releases.publishing import publish_october
from tests.data_releases.world import make_world
from tests.kept_rows import kept_rows
from tests.web.conftest import Browser

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def october(store: FolderStore, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[int]:
    """October, published with its texts once for all that read it: each test rolls back to here."""
    with kept_rows(django_db_blocker):
        yield publish_october(make_world(30), store).pk


def stored(store: FolderStore, release: Release, path: str) -> bytes:
    return b"".join(store.read(publish.key_of(Place.PUBLIC, release, path)))


def test_the_page_draws_votes_languages_and_systems_and_says_the_same_in_tables(
    newcomer: Browser, release: Release
) -> None:
    page = newcomer.get("/releases/text/2026-10").content.decode()
    overview = release.manifest["overview"]
    assert sum(overview["outcomes"].values()) == 30
    assert sum(overview["systems"].values()) == 60
    for key in ("outcomes", "languages", "systems"):
        figure = re.search(rf'<script id="overview-{key}-data" type="application/json">(.*?)</script>', page)
        assert figure is not None
        assert f'data-figure="overview-{key}-data"' in page
        (bars,) = json.loads(figure[1])["data"]
        assert sorted(bars["x"]) == sorted(overview[key].values())
        for name, number in zip(bars["y"], bars["x"], strict=True):
            assert f'<th scope="row">{name}</th><td class="num">{number}</td>' in page


def test_the_list_leads_to_the_release_and_its_page_names_every_file(newcomer: Browser, release: Release) -> None:
    assert 'href="/releases/text/2026-10"' in newcomer.get("/releases").content.decode()
    page = newcomer.get("/releases/text/2026-10").content.decode()
    for entry in release.manifest["files"]:
        assert f'href="/releases/text/2026-10/{entry["path"]}"' in page
        assert entry["sha256"] in page
    assert "arena-verify http://testserver/releases/text/2026-10" in page
    assert "CC BY 4.0" in page
    assert "Ada v1" in page


def test_the_list_costs_the_same_queries_for_many_arenas(
    newcomer: Browser, release: Release, django_assert_max_num_queries
) -> None:
    with django_assert_max_num_queries(8):
        newcomer.get("/releases")


@pytest.mark.parametrize("path", ["manifest.json", "votes.parquet", "README.md", "SHA256SUMS"])
def test_a_file_is_served_to_the_byte(newcomer: Browser, release: Release, store: FolderStore, path: str) -> None:
    response = newcomer.get(f"/releases/text/2026-10/{path}")
    body = b"".join(response.streaming_content)
    assert body == stored(store, release, path)
    assert response["Content-Length"] == str(len(body))
    assert response["Accept-Ranges"] == "bytes"
    assert "attachment" in response["Content-Disposition"]
    if path == "manifest.json":
        assert read_manifest(body)["release"] == "2026-10"
    if path == "votes.parquet":
        assert len(pq.read_table(io.BytesIO(body))) == 30


@pytest.mark.parametrize(
    ("asked", "part"), [("bytes=0-9", slice(0, 10)), ("bytes=5-", slice(5, None)), ("bytes=-4", slice(-4, None))]
)
def test_a_part_of_a_file_is_served(
    newcomer: Browser, release: Release, store: FolderStore, asked: str, part: slice
) -> None:  # fmt: skip
    response = newcomer.get("/releases/text/2026-10/votes.parquet", headers={"Range": asked})
    whole = stored(store, release, "votes.parquet")
    assert response.status_code == 206
    assert b"".join(response.streaming_content) == whole[part]
    start, stop, _step = part.indices(len(whole))
    assert response["Content-Range"] == f"bytes {start}-{stop - 1}/{len(whole)}"


def test_a_part_outside_of_the_file_is_refused_with_its_size(newcomer: Browser, release: Release) -> None:
    response = newcomer.get("/releases/text/2026-10/README.md", headers={"Range": "bytes=999999-"})
    assert response.status_code == 416
    assert response["Content-Range"].startswith("bytes */")


def test_whoever_has_the_bytes_gets_304_and_another_version_is_sent_whole(newcomer: Browser, release: Release) -> None:
    url = "/releases/text/2026-10/votes.parquet"
    etag = newcomer.get(url)["ETag"]
    assert newcomer.get(url, headers={"If-None-Match": etag}).status_code == 304
    headers = {"Range": "bytes=0-9", "If-Range": '"another"'}
    assert newcomer.get(url, headers=headers).status_code == 200


def test_head_says_how_large_a_file_is(newcomer: Browser, release: Release, store: FolderStore) -> None:
    response = newcomer.head("/releases/text/2026-10/votes.parquet")
    assert response["Content-Length"] == str(len(stored(store, release, "votes.parquet")))


def test_downloads_of_tables_are_counted_and_parts_are_not_counted_twice(newcomer: Browser, release: Release) -> None:
    url = "/releases/text/2026-10/votes.parquet"
    newcomer.get(url)
    newcomer.get(url, headers={"Range": "bytes=10-20"})
    newcomer.get("/releases/text/2026-10/README.md")
    newcomer.head(url)
    release.refresh_from_db()
    assert release.downloads == 1


@pytest.mark.parametrize(
    "path",
    [
        "text/2026-10/nothing.parquet",
        "text/2026-10/..%2F..%2Fsecrets",
        "text/2026-11",
        "other/2026-10",
        "text/2026-11/votes.parquet",
    ],
)
def test_what_is_not_there_is_not_found(newcomer: Browser, release: Release, path: str) -> None:
    assert newcomer.get(f"/releases/{path}").status_code == 404


def test_a_store_that_is_away_is_said_so(newcomer: Browser, release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    from arena.common.storage import StoreAway

    def away() -> FolderStore:
        raise StoreAway("gone")

    monkeypatch.setattr("data_releases.downloads.store", away)
    response = newcomer.get("/releases/text/2026-10/votes.parquet")
    assert (response.status_code, response["Retry-After"]) == (503, "30")


def test_the_feed_names_every_public_release(newcomer: Browser, release: Release) -> None:
    response = newcomer.get("/releases/feed.atom")
    text = response.content.decode()
    assert response["Content-Type"].startswith("application/atom+xml")
    assert "http://testserver/releases/text/2026-10" in text
    assert f"urn:sha256:{release.manifest_sha256}" in text


def test_the_key_is_the_one_that_signed(newcomer: Browser, release: Release) -> None:
    assert newcomer.get("/releases/key.txt").content.decode().strip() == release.manifest["signature"]["public_key"]


def test_the_api_lists_it_and_says_304_to_whoever_knows(release: Release) -> None:
    response = Client().get("/api/v1/releases")
    (listed,) = response.json()["releases"]
    assert (listed["arena"], listed["release"], listed["votes"]) == ("text", "2026-10", 30)
    assert listed["url"] == "http://testserver/releases/text/2026-10"
    assert "manifest.json" in listed["files"]
    assert listed["manifest_sha256"] == release.manifest_sha256
    assert Client().get("/api/v1/releases", headers={"If-None-Match": response["ETag"]}).status_code == 304
