"""The object store that the environment names: audio and releases lie in it."""

from functools import lru_cache
from pathlib import Path

from django.conf import settings

from arena.common.storage import FolderStore, Store


def store() -> Store:
    """The object store of this site."""
    env = settings.ENV
    if env.storage != "s3":
        return FolderStore(Path(env.var) / "store")
    return _bucket(env.s3_endpoint_url, env.s3_bucket, env.aws_access_key_id, env.aws_secret_access_key)


@lru_cache(maxsize=4)
def _bucket(endpoint_url: str, bucket: str, key_id: str, key: str) -> Store:
    # Making a client reads files and costs tens of milliseconds; clients may be shared by threads.
    from arena.common.bucket import open_bucket  # noqa: PLC0415 - a second of imports that a folder needs not

    return open_bucket(endpoint_url, bucket, key_id, key)
