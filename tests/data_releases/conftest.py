"""Releases in tests: the embargo of October 2026 has passed, and every test has a store of its own."""

import secrets
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import boto3
import pyarrow.parquet as pq
import pytest
from pytest_django import DjangoDbBlocker

from arena.arenas.models import Arena
from arena.common.bucket import BucketStore
from arena.common.storage import FolderStore
from data_releases import publish, services
from data_releases.models import Release, ReleasePolicy
from tests.data_releases.publishing import build_october
from tests.data_releases.world import OCTOBER, make_world
from tests.kept_rows import kept_rows
from tests.s3 import s3_server


@pytest.fixture(autouse=True)
def december(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 1 December 2026."""
    monkeypatch.setattr(services, "today", lambda: date(2026, 12, 1))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the store."""
    root = tmp_path / "store"
    for module in (
        "data_releases.services",
        "data_releases.management.commands.release",
        "data_releases.management.commands.train_router",
    ):
        monkeypatch.setattr(f"{module}.store", lambda: FolderStore(root))
    return root


@pytest.fixture
def files(folder: Path) -> FolderStore:
    """The store."""
    return FolderStore(folder)


@pytest.fixture
def built(folder: Path) -> Callable[[Arena], Release]:
    """Builds the draft of October with texts."""

    def build(arena: Arena) -> Release:
        policy = services.policy_of(arena)
        ReleasePolicy.objects.filter(pk=policy.pk).update(publishes_texts=True)
        return services.build_release(arena, OCTOBER)

    return build


@pytest.fixture
def published(built: Callable[[Arena], Release], files: FolderStore) -> Callable[[Arena], Release]:
    """Builds, reviews and publishes October."""

    def run(arena: Arena) -> Release:
        draft = built(arena)
        return publish.publish(files, services.mark_reviewed(draft.pk, draft.manifest_sha256))

    return run


@pytest.fixture(scope="module")
def built_once(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[tuple[Release, Path]]:
    """The draft of October of 20 battles with texts, built once for a module, and where it lies.

    A module may have one of its own. Not where a test of the module commits, see `kept_rows`.
    """
    root = tmp_path_factory.mktemp("once") / "store"
    with kept_rows(django_db_blocker):
        yield build_october(make_world(20), FolderStore(root)), root


@pytest.fixture
def draft(built_once: tuple[Release, Path], folder: Path, db: None) -> Release:
    """It in this test's own store."""
    return own_copy(built_once, folder)


@pytest.fixture
def bucket() -> Iterator[BucketStore]:
    """A bucket on a real S3 server."""
    with s3_server() as (_server, url):
        client = boto3.client(
            "s3", endpoint_url=url, aws_access_key_id="x", aws_secret_access_key="y", region_name="us-east-1"
        )
        name = f"releases-{secrets.token_hex(4)}"
        client.create_bucket(Bucket=name)
        yield BucketStore(client, name)


def folder_of(root: Path, release: Release) -> Path:
    """Where the files of a release lie on the disk."""
    return root / publish.folder_of(publish.place_of(release), release)


def own_copy(once: tuple[Release, Path], folder: Path) -> Release:
    """A release that was made once, as a test may change it: its files are copied, its rows roll back."""
    made, root = once
    shutil.copytree(root, folder)
    return Release.objects.select_related("arena").get(pk=made.pk)


def rows(root: Path, release: Release, name: str) -> list[dict[str, Any]]:
    """What a release's table holds."""
    found: list[dict[str, Any]] = pq.read_table(folder_of(root, release) / f"{name}.parquet").to_pylist()
    return found


def songs(root: Path, release: Release) -> dict[str, bytes]:
    """The files under `audio/` by path."""
    own = folder_of(root, release)
    return {path.relative_to(own).as_posix(): path.read_bytes() for path in (own / "audio").glob("*")}
