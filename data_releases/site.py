"""What the site's settings give a release: the object store and the signing key."""

from functools import lru_cache
from pathlib import Path

import boto3
from botocore.config import Config
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from arena.common.storage import BucketStore, FolderStore, Store


def store() -> Store:
    """The object store that the environment names."""
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


def signing_key() -> Ed25519PrivateKey:
    """The key of ARENA_RELEASE_KEY; without one, derived from the site's secret key.

    A derived key is as lasting as the secret key: whoever changes that one changes the signer, too.
    """
    if settings.ARENA_RELEASE_KEY:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(settings.ARENA_RELEASE_KEY))
    derived = HKDF(hashes.SHA256(), 32, salt=None, info=b"preference-arena release signature 1")
    return Ed25519PrivateKey.from_private_bytes(derived.derive(settings.SECRET_KEY.encode()))
