"""The object store behind one port: a folder here, an S3 bucket in `bucket`. Framework-free.

Keys are relative paths of plain parts (`releases/text/2026-10/votes.parquet`). `put` is atomic: a reader finds the old
object, the new one or none, never half of one.

    StorageError
    ├── KeyInvalid      not a key
    ├── Missing         there is no object of this key
    └── StoreAway       the store does not answer, or refuses
"""

import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Protocol

_KEY: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
BLOCK_BYTES: Final = 256 * 1024


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

    def put(self, key: str, content: bytes, *, lasting: bool = True) -> bool:
        """Store an object; False where the same bytes lie there already.

        Without `lasting` it may be lost with the machine, though not with a process.
        """
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

    def put(self, key: str, content: bytes, *, lasting: bool = True) -> bool:
        """See `Store`."""
        path = self._path(key)
        if path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content:
            return False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._replace(path, content, lasting)
        except OSError as error:
            raise StoreAway(error.strerror or type(error).__name__) from error
        return True

    @staticmethod
    def _replace(path: Path, content: bytes, lasting: bool) -> None:
        fresh = path.parent / f".{secrets.token_hex(8)}"
        try:
            with fresh.open("wb") as file:
                file.write(content)
                file.flush()
                if lasting:
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
            while start < stop and (block := file.read(min(BLOCK_BYTES, stop - start))):
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
