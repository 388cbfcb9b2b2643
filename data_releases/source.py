"""Where a release is read from: a folder, or the address under which its files lie.

SourceError
└── Unreadable      a file is missing, too large, or its place does not answer
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

import httpx

from data_releases.manifest import MANIFEST

#: Nothing larger than this is read of a file whose size is not known yet.
MAX_MANIFEST_BYTES: Final = 16 * 1024 * 1024
_TIMEOUT_S: Final = 30.0
_PLAIN: Final = re.compile(r"(?:audio/)?[A-Za-z0-9_-][A-Za-z0-9_.-]*")


class SourceError(Exception):
    """A release cannot be read."""


class Unreadable(SourceError):
    """A file cannot be read; `path` names it."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path = path


class Source(Protocol):
    """The files of one release."""

    def read(self, path: str, most: int = MAX_MANIFEST_BYTES) -> bytes:
        """One file of at most `most` bytes; raises Unreadable."""
        ...


class Folder:
    """A release in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, path: str, most: int = MAX_MANIFEST_BYTES) -> bytes:
        """See `Source`."""
        try:
            with (self._folder / _plain(path)).open("rb") as file:
                content = file.read(most + 1)
        except OSError as error:
            raise Unreadable(path, error.strerror or type(error).__name__) from error
        return _bounded(path, content, most)


class Web:
    """A release under an address, as the download pages give it."""

    def __init__(self, url: str, client: httpx.Client) -> None:
        self._base = url.removesuffix(MANIFEST).rstrip("/")
        self._client = client

    def read(self, path: str, most: int = MAX_MANIFEST_BYTES) -> bytes:
        """See `Source`."""
        url = f"{self._base}/{_plain(path)}"
        try:
            with self._client.stream("GET", url) as response:
                response.raise_for_status()
                content = b"".join(_until(response.iter_bytes(), most))
        except httpx.HTTPStatusError as error:
            raise Unreadable(path, f"{error.response.status_code} at {url}") from error
        except httpx.HTTPError as error:
            raise Unreadable(path, f"{type(error).__name__} at {url}") from error
        return _bounded(path, content, most)


def _until(blocks: Iterator[bytes], most: int) -> Iterator[bytes]:
    """Blocks until one byte too many has come."""
    received = 0
    for block in blocks:
        yield block
        received += len(block)
        if received > most:
            return


def _bounded(path: str, content: bytes, most: int) -> bytes:
    if len(content) > most:
        raise Unreadable(path, f"more than {most} bytes")
    return content


def _plain(path: str) -> str:
    """A release names files of its own folder, or of `audio/` below it, and no others."""
    if not _PLAIN.fullmatch(path):
        raise Unreadable(path, "not the name of a file")
    return path


@contextmanager
def open_source(where: str) -> Iterator[Source]:
    """A folder, or an address that begins with http:// or https://."""
    if urlsplit(where).scheme in ("http", "https"):
        # One for all files: to load the certificates and to connect anew takes longer than a small file.
        with httpx.Client(timeout=_TIMEOUT_S, follow_redirects=True) as client:
            yield Web(where, client)
    else:
        path = Path(where)
        yield Folder(path.parent if path.name == MANIFEST else path)
