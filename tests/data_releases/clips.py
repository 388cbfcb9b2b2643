"""What tests of clips read from a release of music."""

import pyarrow.parquet as pq

from tests.data_releases.conftest import folder_of


def rows(root, release, name="clips"):
    return pq.read_table(folder_of(root, release) / f"{name}.parquet").to_pylist()


def songs(root, release):
    """The files under `audio/` by path."""
    own = folder_of(root, release)
    return {path.relative_to(own).as_posix(): path.read_bytes() for path in (own / "audio").glob("*")}
