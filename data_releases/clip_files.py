"""The bytes of clips on their way into a release: one clip in memory at a time."""

import logging
from dataclasses import dataclass

import pyarrow as pa

from arena.common.storage import Missing, Store
from data_releases.manifest import sha256

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Copied:
    """Rows whose bytes lie under the prefix now, and how many had none any more."""

    rows: pa.Table
    missing: int


def copied(files: Store, clips: pa.Table, prefix: str) -> Copied:
    """Copy clips below a prefix; those that lie there already are read, and not sent again.

    Args:
        files: holds both.
        clips: rows of `clips`, with `key`: where the bytes of each lie.
        prefix: of a release, see `publish.folder_of`.

    Raises:
        StoreAway: the store does not answer; call again.
    """
    there = [_copy(files, row, prefix) for row in clips.select(["key", "path", "sha256"]).to_pylist()]
    return Copied(clips.filter(pa.array(there, pa.bool_())), there.count(False))


def _copy(files: Store, row: dict[str, str], prefix: str) -> bool:
    try:
        content = b"".join(files.read(row["key"]))
    except Missing:
        # Withdrawn since the rows were read, or lost.
        logger.warning("a clip of the release is not in the store: %s", row["path"])
        return False
    if sha256(content) != row["sha256"]:
        logger.warning("a clip of the release is damaged: %s", row["path"])
        return False
    files.put(f"{prefix}/{row['path']}", content)
    return True
