"""The store and the key that the environment names."""

from dataclasses import replace
from pathlib import Path

import boto3
import pytest
from django.conf import settings
from django.test import override_settings

from arena.common.bucket import BucketStore
from arena.common.object_store import store
from arena.common.storage import FolderStore
from data_releases.manifest import public_hex
from data_releases.site import signing_key
from tests.s3 import s3_server


def test_a_folder_store_lies_under_var(tmp_path: Path) -> None:
    with override_settings(ENV=replace(settings.ENV, var=tmp_path)):
        found = store()
        assert isinstance(found, FolderStore)
        found.put("a/b", b"x")
    assert (tmp_path / "store" / "a" / "b").read_bytes() == b"x"


def test_a_bucket_is_opened_with_the_keys_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    with s3_server() as (_server, url):
        keys = {"aws_access_key_id": "from-a-file", "aws_secret_access_key": "secret"}
        boto3.client("s3", endpoint_url=url, **keys).create_bucket(Bucket="arena")
        env = replace(settings.ENV, storage="s3", s3_endpoint_url=url, s3_bucket="arena", **keys)
        with override_settings(ENV=env):
            found = store()
            assert isinstance(found, BucketStore)
            assert found.put("a", b"x")
            assert found.keys("nothing") == []


def test_the_signer_is_the_key_of_the_environment_or_follows_from_the_secret_key() -> None:
    derived = public_hex(signing_key())
    assert derived == public_hex(signing_key())
    with override_settings(SECRET_KEY="another " * 8):
        assert public_hex(signing_key()) != derived
    with override_settings(ARENA_RELEASE_KEY="11" * 32):
        assert public_hex(signing_key()) == "d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737"
