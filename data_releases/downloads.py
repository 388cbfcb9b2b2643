"""The files of a public release, for the pages that serve them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from arena.common.object_store import store
from data_releases import publish
from data_releases.manifest import MANIFEST, canonical, public_hex
from data_releases.models import Release
from data_releases.publish import Place
from data_releases.site import signing_key

_TYPES: Final = {
    ".json": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".parquet": "application/vnd.apache.parquet",
    "": "text/plain; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class ReleaseFile:
    """One file; size in bytes."""

    path: str
    size: int
    sha256: str
    content_type: str


def files_of(release: Release) -> list[dict[str, Any]]:
    """What the manifest says about its files, and the manifest itself."""
    manifest: dict[str, Any] = release.manifest or {}
    own = {"path": MANIFEST, "bytes": len(canonical(manifest)), "sha256": release.manifest_sha256}
    return [own, *manifest["files"]]


def file_of(release: Release, path: str) -> ReleaseFile | None:
    """One file by its path; None where the release has no such file."""
    for entry in files_of(release):
        if entry["path"] == path:
            kind = _TYPES.get(PurePosixPath(path).suffix, "application/octet-stream")
            return ReleaseFile(path, entry["bytes"], entry["sha256"], kind)
    return None


def blocks(release: Release, file: ReleaseFile, start: int, stop: int) -> Iterator[bytes]:
    """The bytes start ≤ b < stop of a file of a public release.

    Raises:
        Missing, StoreAway: see `arena.common.storage`.
    """
    return store().read(publish.key_of(Place.PUBLIC, release, file.path), start, stop)


def count(release: Release, file: ReleaseFile) -> None:
    """Count a download: of a table, not of the papers around it."""
    if file.path.endswith(".parquet"):
        publish.count_download(release.pk)


def public_key() -> str:
    """The key to check signatures with, 64 hexadecimal digits."""
    return public_hex(signing_key())
