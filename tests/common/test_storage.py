"""One port, two stores: what holds for a folder holds for a bucket of a real S3 server."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from arena.common import bucket
from arena.common.bucket import BucketStore
from arena.common.storage import FolderStore, KeyInvalid, Missing, Store, StoreAway
from tests.s3 import s3_server

ENDPOINT_OPTIONS = {"aws_access_key_id": "x", "aws_secret_access_key": "y", "region_name": "us-east-1"}


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    """A client of an S3 server of our own."""
    with s3_server() as (_server, url):
        yield boto3.client("s3", endpoint_url=url, **ENDPOINT_OPTIONS)


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A folder, and a bucket."""
    if request.param == "folder":
        return FolderStore(tmp_path / "store")
    client = request.getfixturevalue("s3")
    name = f"b{abs(hash(request.node.name))}"
    client.create_bucket(Bucket=name)
    return BucketStore(client, name)


def test_what_is_put_is_read(store: Store) -> None:
    assert store.put("a/b.bin", b"hello world")
    assert store.size("a/b.bin") == 11
    assert b"".join(store.read("a/b.bin")) == b"hello world"


def test_a_part_is_read(store: Store) -> None:
    store.put("a", b"0123456789")
    assert b"".join(store.read("a", 3, 6)) == b"345"
    assert b"".join(store.read("a", 7)) == b"789"
    assert b"".join(store.read("a", 5, 5)) == b""


def test_the_same_bytes_are_not_sent_twice_and_others_replace_them(store: Store) -> None:
    assert store.put("a", b"one")
    assert not store.put("a", b"one")
    assert store.put("a", b"two")
    assert b"".join(store.read("a")) == b"two"


def test_a_large_object_goes_up_in_parts(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket, "PART_BYTES", 5 * 1024 * 1024)
    content = bytes(range(256)) * (11 * 1024 * 1024 // 256)
    store.put("large", content)
    assert b"".join(store.read("large")) == content
    assert not store.put("large", content)


def test_keys_are_listed_by_folder(store: Store) -> None:
    for key in ("x/1", "x/sub/2", "xy/3", "y"):
        store.put(key, b"")
    assert store.keys("x") == ["x/1", "x/sub/2"]
    assert store.keys("nothing") == []


def test_what_is_deleted_is_missing_and_deleting_it_again_is_fine(store: Store) -> None:
    store.put("a", b"x")
    store.delete("a")
    store.delete("a")
    for ask in (store.size, store.read):
        with pytest.raises(Missing):
            ask("a")


@pytest.mark.parametrize("key", ["", "/a", "../a", "a/../b", "a//b", "a/", ".hidden", "a\nb", "a b"])
def test_a_key_is_a_relative_path_of_plain_parts(store: Store, key: str) -> None:
    with pytest.raises(KeyInvalid):
        store.put(key, b"")


def test_a_server_that_is_away_is_named_without_its_address() -> None:
    config = boto3.session.Config(connect_timeout=1, retries={"max_attempts": 0})
    client = boto3.client("s3", endpoint_url="http://127.0.0.1:9", config=config, **ENDPOINT_OPTIONS)
    with pytest.raises(StoreAway) as caught:
        BucketStore(client, "bucket").put("a", b"x")
    assert "127.0.0.1" not in str(caught.value)


def test_a_folder_that_cannot_be_written_is_a_store_that_is_away(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreAway):
        FolderStore(tmp_path / "file").put("a/b", b"x")


def test_a_write_that_breaks_leaves_the_old_object_and_no_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FolderStore(tmp_path)
    store.put("a", b"old")

    def broken(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("arena.common.storage.os.fsync", broken)
    with pytest.raises(StoreAway, match="No space left"):
        store.put("a", b"new")
    assert b"".join(store.read("a")) == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
