"""Pages of releases before there are any, of drafts and of old ones; verified over HTTP; what `Range` asks."""

import html
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from arena.arenas.models import Arena
from arena.common.storage import FolderStore
from arena.web.ranges import Unsatisfiable, wanted_part
from data_releases import publish, services
from data_releases.models import Release
from data_releases.publish import Place
from data_releases.verify_command import main as arena_verify
from tests.ballots import make_arena
from tests.data_releases.conftest import bucket, built, december, files, folder, published  # noqa: F401 - fixtures
from tests.data_releases.world import add_song, make_music, make_world
from tests.web.conftest import Browser

pytestmark = pytest.mark.django_db


def test_before_the_first_release_the_list_says_when_it_may_come(newcomer: Browser) -> None:
    make_arena()
    page = newcomer.get("/releases").content.decode()
    assert "Nothing has been released yet." in page
    assert "from 31 December 2026 on" in page


def test_a_draft_is_not_to_be_seen_and_a_release_from_before_figures_has_none(
    newcomer: Browser,
    built: Callable[[Arena], Release],  # noqa: F811
    files: FolderStore,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("data_releases.certified.overview_of", lambda *_tables: {})
    draft = built(make_world(3))
    assert "2026-10" not in newcomer.get("/releases").content.decode()
    for path in ("", "/manifest.json", "/votes.parquet"):
        assert newcomer.get(f"/releases/text/2026-10{path}").status_code == 404
    publish.publish(files, services.mark_reviewed(draft.pk, draft.manifest_sha256))
    page = newcomer.get("/releases/text/2026-10")
    assert page.status_code == 200
    assert "data-figure" not in page.content.decode()


def test_a_certified_board_of_a_month_without_battles_says_so_and_has_no_empty_table(
    newcomer: Browser, published: Callable[[Arena], Release]  # noqa: F811
) -> None:  # fmt: skip
    published(make_arena())
    page = newcomer.get("/arenas/text/leaderboard").content.decode()
    assert "Certified board of release 2026-10" in page
    assert "It has no systems, as there were no battles." in page
    assert "<tbody></tbody>" not in page
    assert newcomer.get("/releases/text/2026-10").status_code == 200


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("", None),
        ("bytes=0-0", (0, 1)),
        ("bytes=90-200", (90, 100)),
        ("bytes=-200", (0, 100)),
        ("bytes=5-4", None),
        ("bytes=0-1,4-5", None),
        ("lines=0-1", None),
        ("bytes=-", None),
    ],
)
def test_a_range_header_is_read_as_the_standard_says(header: str, part: tuple[int, int] | None) -> None:
    assert wanted_part(header, 100) == part


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=-0"])
def test_a_range_without_a_byte_cannot_be_satisfied(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        wanted_part(header, 100)


@pytest.mark.django_db(transaction=True)
def test_anybody_can_verify_it_over_http_and_each_touched_file_is_named_whether_in_a_folder_or_on_an_s3_server(
    live_server, published, files, bucket, monkeypatch, capsys  # noqa: F811
) -> None:  # fmt: skip
    release = published(make_world(6))
    for key in files.keys(publish.folder_of(Place.PUBLIC, release)):
        bucket.put(key, b"".join(files.read(key)))
    address = f"{live_server.url}/releases/text/2026-10"
    paths = [entry["path"] for entry in release.manifest["files"]]
    for store in (files, bucket):
        monkeypatch.setattr("data_releases.downloads.store", lambda store=store: store)
        assert arena_verify([address]) == 0
        assert "6 votes" in capsys.readouterr().out
        # Another last byte in the store, and the file is named.
        for path in paths:
            key = publish.key_of(Place.PUBLIC, release, path)
            content = b"".join(store.read(key))
            store.put(key, content[:-1] + bytes([content[-1] ^ 1]))
        assert arena_verify([address]) == 1
        told = capsys.readouterr().out
        assert [path for path in paths if f"MISMATCH {path}: the checksum" not in told] == []


@pytest.mark.skipif(shutil.which("curl") is None, reason="the page's example calls curl")
@pytest.mark.django_db(transaction=True)
def test_what_the_page_says_downloads_all_of_it_and_that_verifies(
    live_server, published: Callable[[Arena], Release], files: FolderStore, monkeypatch: pytest.MonkeyPatch, tmp_path  # noqa: F811
) -> None:  # fmt: skip
    monkeypatch.setattr("data_releases.downloads.store", lambda: files)
    arena = make_music()
    add_song(files, arena)
    published(arena)
    page = httpx.get(f"{live_server.url}/releases/music/2026-10").text
    (commands,) = [html.unescape(code) for code in re.findall(r"<code>(from=.*?)</code>", page, re.DOTALL)]
    assert commands.endswith("arena-verify .")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    bash = ["bash", "-euo", "pipefail", "-c", commands]
    done = subprocess.run(bash, check=False, cwd=tmp_path, env={"PATH": path}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 clips have the bytes that clips.parquet names" in done.stdout
