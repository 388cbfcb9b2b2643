"""The files of a public release, for the pages that serve them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from arena.common.object_store import store
from arena.common.storage import Missing
from data_releases import publish
from data_releases.audio import CLIP, FOLDER
from data_releases.manifest import MANIFEST, canonical, public_hex
from data_releases.models import Release
from data_releases.publish import Place
from data_releases.site import signing_key

_TYPES: Final = {
    ".json": "application/json",
    ".mp3": "audio/mpeg",
    ".md": "text/markdown; charset=utf-8",
    ".parquet": "application/vnd.apache.parquet",
    "": "text/plain; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class ReleaseFile:
    """One file; size in bytes. `etag` is another one for other bytes."""

    path: str
    size: int
    etag: str
    content_type: str


def files_of(release: Release) -> list[dict[str, Any]]:
    """What the manifest says about its files, and the manifest itself."""
    manifest: dict[str, Any] = release.manifest or {}
    own = {"path": MANIFEST, "bytes": len(canonical(manifest)), "sha256": release.manifest_sha256}
    return [own, *manifest["files"]]


def holds_rows(path: str) -> bool:
    """Whether a file holds data of single battles, not only of all of them."""
    return path.endswith(".parquet") or path.startswith(f"{FOLDER}/")


def file_of(release: Release, path: str) -> ReleaseFile:
    """One file by its path.

    Raises:
        Missing: the release has no such file.
        StoreAway: see `arena.common.storage`.
    """
    kind = _TYPES.get(PurePosixPath(path).suffix, "application/octet-stream")
    for entry in files_of(release):
        if entry["path"] == path:
            return ReleaseFile(path, entry["bytes"], entry["sha256"], kind)
    if not CLIP.fullmatch(path):
        raise Missing(path)
    # The manifest does not list clips one by one; only those that the table names lie there.
    size = store().size(publish.key_of(Place.PUBLIC, release, path))
    return ReleaseFile(path, size, f"{release.manifest_sha256[:32]}-{PurePosixPath(path).stem}", kind)


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
