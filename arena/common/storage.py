"""The object store behind one port: an S3 bucket by boto3, or a folder. Framework-free.

Keys are relative paths of plain parts (`releases/text/2026-10/votes.parquet`). `put` is atomic: a reader finds the old
object, the new one or none, never half of one.

    StorageError
    ├── KeyInvalid      not a key
    ├── Missing         there is no object of this key
    └── StoreAway       the store does not answer, or refuses
"""

import hashlib
import io
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError

_KEY: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_BLOCK_BYTES: Final = 256 * 1024
#: Larger objects go up in parts of this size.
PART_BYTES: Final = 16 * 1024 * 1024
_DIGEST: Final = "sha256"


class StorageError(Exception):
    """The store cannot do it."""


class KeyInvalid(StorageError):
    """Not a key."""


class Missing(StorageError):
    """There is no object of this key."""


class StoreAway(StorageError):
    """The store does not answer, or refuses."""


class Store(Protocol):
    """Objects by key. Every method raises StoreAway where the store does not answer."""

    def put(self, key: str, content: bytes) -> bool:
        """Store an object; False where the same bytes lie there already."""
        ...

    def size(self, key: str) -> int:
        """Bytes of an object; raises Missing."""
        ...

    def read(self, key: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Blocks of an object from byte `start` to before `stop`; raises Missing before the first block."""
        ...

    def keys(self, prefix: str) -> list[str]:
        """Every key below `prefix`, sorted."""
        ...

    def delete(self, key: str) -> None:
        """Remove an object; nothing happens where there is none."""
        ...


def checked(key: str) -> str:
    """The key, if it is one.

    Raises:
        KeyInvalid: see there.
    """
    if not _KEY.fullmatch(key):
        raise KeyInvalid(repr(key))
    return key


class FolderStore:
    """Objects as files below a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def _path(self, key: str) -> Path:
        return self._root / checked(key)

    def put(self, key: str, content: bytes) -> bool:
        """See `Store`."""
        path = self._path(key)
        if path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content:
            return False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._replace(path, content)
        except OSError as error:
            raise StoreAway(error.strerror or type(error).__name__) from error
        return True

    @staticmethod
    def _replace(path: Path, content: bytes) -> None:
        fresh = path.parent / f".{secrets.token_hex(8)}"
        try:
            with fresh.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)

    def size(self, key: str) -> int:
        """See `Store`."""
        path = self._path(key)
        if not path.is_file():
            raise Missing(key)
        return path.stat().st_size

    def read(self, key: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """See `Store`."""
        size = self.size(key)
        return self._blocks(self._path(key), start, size if stop is None else min(stop, size))

    @staticmethod
    def _blocks(path: Path, start: int, stop: int) -> Iterator[bytes]:
        with path.open("rb") as file:
            file.seek(start)
            while start < stop and (block := file.read(min(_BLOCK_BYTES, stop - start))):
                start += len(block)
                yield block

    def keys(self, prefix: str) -> list[str]:
        """See `Store`."""
        folder = self._path(prefix)
        found = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
        return sorted(path.relative_to(self._root).as_posix() for path in found)

    def delete(self, key: str) -> None:
        """See `Store`."""
        self._path(key).unlink(missing_ok=True)


class BucketStore:
    """Objects in a bucket. `client` is a boto3 S3 client."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, key: str, content: bytes) -> bool:
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
            yield from body.iter_chunks(_BLOCK_BYTES)

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
