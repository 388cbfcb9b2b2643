"""The object store that the environment names: audio and releases lie in it."""

from functools import lru_cache
from pathlib import Path

import boto3
from botocore.config import Config
from django.conf import settings

from arena.common.storage import BucketStore, FolderStore, Store


def store() -> Store:
    """The object store of this site."""
    env = settings.ENV
    if env.storage != "s3":
        return FolderStore(Path(env.var) / "store")
    return _bucket(env.s3_endpoint_url, env.s3_bucket, env.aws_access_key_id, env.aws_secret_access_key)


@lru_cache(maxsize=4)
def _bucket(endpoint_url: str, bucket: str, key_id: str, key: str) -> BucketStore:
    # Making a client reads files and costs tens of milliseconds; clients may be shared by threads.
    config = Config(connect_timeout=5, read_timeout=30, retries={"max_attempts": 3, "mode": "standard"})
    client = boto3.client(
        "s3",
        endpoint_url=endpoint_url or None,
        # The environment may have named files of secrets; without any, boto3 looks where it always does.
        aws_access_key_id=key_id or None,
        aws_secret_access_key=key or None,
        config=config,
    )
    return BucketStore(client, bucket)
