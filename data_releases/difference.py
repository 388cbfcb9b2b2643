"""What a revision changed, row by row, and the reason that its manifest gives. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from data_releases import schema
from data_releases.verify import Verified


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference. reason: empty where the newer manifest does not explain it."""

    path: str
    what: str
    reason: str


def differences(old: Verified, new: Verified) -> Iterator[Difference]:
    """Every row that one release has and the other has not, in the order of tables and keys.

    A revision may only take rows away, each for a reason listed under `removed` as {"file", "key", "reason"}; rows of
    different releases are not comparable, and the difference says so once.
    """
    if (old.manifest["arena"], old.manifest["window"]) != (new.manifest["arena"], new.manifest["window"]):
        yield Difference("manifest.json", "another arena or window", "two releases, not two revisions of one")
        return
    reasons = {(entry["file"], entry["key"]): entry["reason"] for entry in new.manifest["removed"]}
    for spec in schema.TABLES:
        before, after = _rows(spec, old.tables[spec.name]), _rows(spec, new.tables[spec.name])
        for key in sorted(before.keys() | after.keys()):
            if before.get(key) == after.get(key):
                continue
            what = "removed" if key not in after else "added" if key not in before else "changed"
            yield Difference(spec.file, f"{what} {key}", reasons.get((spec.file, key), ""))


def _rows(spec: schema.TableSpec, table: pa.Table) -> dict[str, str]:
    return {"/".join(str(row[name]) for name in spec.key): repr(row) for row in table.to_pylist()}
