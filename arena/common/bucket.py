"""A store in an S3 bucket, by boto3, which takes a second to import. Framework-free."""

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import boto3
from boto3.s3.transfer import TransferConfig
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from arena.common.storage import BLOCK_BYTES, Missing, StoreAway, checked

#: Larger objects go up in parts of this size.
PART_BYTES: Final = 16 * 1024 * 1024
_DIGEST: Final = "sha256"
_PATIENT: Final = Config(connect_timeout=5, read_timeout=30, retries={"max_attempts": 3, "mode": "standard"})
_QUICK: Final = Config(connect_timeout=3, read_timeout=3, retries={"total_max_attempts": 1})


def open_bucket(endpoint_url: str, bucket: str, key_id: str, key: str, *, patient: bool = True) -> "BucketStore":
    """The bucket of this name; nobody is asked yet. Empty: what boto3 finds for itself, where it always looks.

    Args:
        endpoint_url: address of the S3 server.
        bucket: its name.
        key_id: the access key's id.
        key: the secret access key.
        patient: try again and wait long; a check does not.
    """
    client = boto3.client(
        "s3",
        endpoint_url=endpoint_url or None,
        aws_access_key_id=key_id or None,
        aws_secret_access_key=key or None,
        config=_PATIENT if patient else _QUICK,
    )
    return BucketStore(client, bucket)


def is_listed_by_anybody(endpoint_url: str, bucket: str) -> bool:
    """Whether the bucket names its objects to somebody without any key; whether it gives them away is not asked."""
    unsigned = _QUICK.merge(Config(signature_version=UNSIGNED))
    client = boto3.client("s3", endpoint_url=endpoint_url or None, config=unsigned)
    try:
        client.list_objects_v2(Bucket=bucket, MaxKeys=1)
    except (BotoCoreError, ClientError, OSError):
        return False
    return True


class BucketStore:
    """Objects in a bucket. `client` is a boto3 S3 client."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def require(self) -> None:
        """Raise StorageError unless the bucket is there and opens to these keys."""
        with _answers(self._bucket):
            self._client.head_bucket(Bucket=self._bucket)

    def put(self, key: str, content: bytes, *, lasting: bool = True) -> bool:  # noqa: ARG002 - all of it is
        """See `Store`. The server checks the bytes of every part; the digest of the whole is kept beside them."""
        digest = hashlib.sha256(content).hexdigest()
        with _answers(key):
            if self._digest(key) == digest:
                return False
            self._client.upload_fileobj(
                io.BytesIO(content),
                self._bucket,
                checked(key),
                ExtraArgs={"Metadata": {_DIGEST: digest}, "ChecksumAlgorithm": "SHA256"},
                Config=TransferConfig(
                    multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES, use_threads=False
                ),
            )
        return True

    def _digest(self, key: str) -> str:
        try:
            return str(self._head(key)["Metadata"].get(_DIGEST, ""))
        except Missing:
            return ""

    def _head(self, key: str) -> dict[str, Any]:
        with _answers(key):
            found: dict[str, Any] = self._client.head_object(Bucket=self._bucket, Key=checked(key))
        return found

    def size(self, key: str) -> int:
        """See `Store`."""
        return int(self._head(key)["ContentLength"])

    def read(self, key: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """See `Store`."""
        # A range of no bytes cannot be asked for.
        if stop is not None and stop <= start:
            return iter(())
        wanted = f"bytes={start}-{'' if stop is None else stop - 1}"
        options = {} if (start, stop) == (0, None) else {"Range": wanted}
        with _answers(key):
            body = self._client.get_object(Bucket=self._bucket, Key=checked(key), **options)["Body"]
        return self._blocks(key, body)

    @staticmethod
    def _blocks(key: str, body: Any) -> Iterator[bytes]:
        with _answers(key):
            yield from body.iter_chunks(BLOCK_BYTES)

    def keys(self, prefix: str) -> list[str]:
        """See `Store`."""
        with _answers(prefix):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=f"{checked(prefix)}/"
            )
            return sorted(entry["Key"] for page in pages for entry in page.get("Contents", ()))

    def delete(self, key: str) -> None:
        """See `Store`."""
        with _answers(key):
            self._client.delete_object(Bucket=self._bucket, Key=checked(key))


@contextmanager
def _answers(key: str) -> Iterator[None]:
    """Errors of boto3 as those of the port; their texts may hold addresses and stay inside."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in ("404", "NoSuchKey", "NotFound"):
            raise Missing(key) from error
        raise StoreAway(code or "ClientError") from error
    except (BotoCoreError, OSError) as error:
        raise StoreAway(type(error).__name__) from error
