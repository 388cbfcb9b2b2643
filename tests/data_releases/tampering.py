"""The sample release, and what somebody may do to a copy of a release."""

import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from data_releases import schema
from data_releases.manifest import MANIFEST, SUMS, sha256, signed, sums

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "release-sample"
ROOT = Path(__file__).resolve().parents[2]


def write(folder, spec, rows):
    """Write a table anew."""
    (folder / spec.file).write_bytes(schema.parquet_bytes(spec, pa.Table.from_pylist(rows, schema=spec.schema)))


def edit_votes(folder, change):
    """Write `votes.parquet` anew with changed rows."""
    write(folder, schema.VOTES, change(pq.read_table(folder / "votes.parquet").to_pylist()))


def sign_again(folder, **changes):
    """Do what a forger would: make all sums and the signature fit, with a key of one's own."""
    manifest = json.loads((folder / MANIFEST).read_text()) | changes
    content = {entry["path"]: (folder / entry["path"]).read_bytes() for entry in manifest["files"]}
    content[SUMS] = sums({path: sha256(body) for path, body in content.items() if path != SUMS})
    (folder / SUMS).write_bytes(content[SUMS])
    for entry in manifest["files"]:
        body = content[entry["path"]]
        entry |= {"bytes": len(body), "sha256": sha256(body)}
        if "rows" in entry:
            entry["rows"] = len(pq.read_table(io.BytesIO(body)))
    manifest["leaderboard_sha256"] = sha256(content["leaderboard.json"])
    (folder / MANIFEST).write_bytes(signed(manifest, Ed25519PrivateKey.generate()))


def flip(rows):
    row = next(row for row in rows if row["counted"] and row["outcome"] == "left")
    row["outcome"] = "right"
    return rows


def drop_excluded(rows):
    rows.remove(next(row for row in rows if not row["counted"]))
    return rows
