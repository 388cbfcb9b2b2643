"""What an operator looks at before a release becomes public: figures, reports, a sample, the last release."""

from dataclasses import dataclass
from typing import Any, Final

from arena.common.object_store import store
from arena.common.storage import StorageError
from data_releases.models import Release
from data_releases.publish import StoredRelease, place_of
from data_releases.schema import table_of
from data_releases.source import Unreadable

SAMPLE: Final = 5
#: No table of a draft is read for a sample beyond this; the figures come from the manifest.
MOST_BYTES: Final = 512 * 1024 * 1024

_FIGURES: Final = ("cast", "counted", "voters")


@dataclass(frozen=True, slots=True)
class Figure:
    """One number, and that of the release before (None where there is none)."""

    name: str
    value: int
    before: int | None


def figures(release: Release) -> list[Figure]:
    """The counts of a built release beside those of the one before it."""
    now, before = _flat(release), _flat(release.previous) if release.previous else {}
    return [Figure(name, value, before.get(name)) for name, value in now.items()]


def _flat(release: Release) -> dict[str, int]:
    counts: dict[str, Any] = (release.manifest or {}).get("counts", {})
    flat = {name: counts.get(name, 0) for name in _FIGURES}
    flat |= {f"excluded: {name}": n for name, n in counts.get("excluded", {}).items()}
    flat |= {f"rows of {name}": n for name, n in counts.get("rows", {}).items()}
    return flat


def sample(release: Release, table: str = "conversations") -> list[dict[str, Any]]:
    """The first rows of a table, as they will be published; empty where its files are out of reach."""
    try:
        content = StoredRelease(store(), release, place_of(release)).read(f"{table}.parquet", MOST_BYTES)
    except (Unreadable, StorageError):
        return []
    rows: list[dict[str, Any]] = table_of(content).slice(0, SAMPLE).to_pylist()
    return rows
