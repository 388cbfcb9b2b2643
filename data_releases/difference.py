"""What a revision changed, row by row, and the reason that its manifest gives. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from data_releases import schema
from data_releases.found import Verified

#: Tables that `verify` makes again from others, or that explain the rest.
FOLLOWING: Final = (schema.CELLS, schema.EMBEDDINGS, schema.TOMBSTONES)


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference. reason: empty where the newer manifest does not explain it."""

    path: str
    what: str
    reason: str


def differences(old: Verified, new: Verified) -> Iterator[Difference]:
    """Every row that one release has and the other has not, in the order of tables and keys.

    A revision may only take rows away, or mark the place of a text, and its table `tombstones` has the reason of each.
    Tables that follow from others follow them. Rows of different releases are not comparable, which is said once.
    """
    if (old.manifest["arena"], old.manifest["window"]) != (new.manifest["arena"], new.manifest["window"]):
        yield Difference("manifest.json", "another arena or window", "two releases, not two revisions of one")
        return
    tombstones = new.tables["tombstones"].to_pylist()
    reasons = {(row["file"], row["key"]): f"{row['reason']} in revision {row['revision']}" for row in tombstones}
    for spec in schema.TABLES:
        if spec in FOLLOWING:
            continue
        before, after = _rows(spec, old.tables[spec.name]), _rows(spec, new.tables[spec.name])
        for key in sorted(before.keys() | after.keys()):
            if before.get(key) == after.get(key):
                continue
            what = "removed" if key not in after else "added" if key not in before else "changed"
            yield Difference(spec.file, f"{what} {key}", reasons.get((spec.file, key), ""))


def _rows(spec: schema.TableSpec, table: pa.Table) -> dict[str, str]:
    return {key_of(spec, row): repr(row) for row in table.to_pylist()}


def key_of(spec: schema.TableSpec, row: Mapping[str, Any]) -> str:
    """The key of a row as `tombstones` writes it."""
    return "/".join(str(row[name]) for name in spec.key)
