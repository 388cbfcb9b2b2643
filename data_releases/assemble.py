"""From tables to the files of a release, in memory, all but its clips. Pure: the same input gives the same bytes."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.metadata import version as installed
from importlib.resources import files as resources
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from arena.policies import embedding
from data_releases import audio, certified, documents, near_duplicates, pii, pii_figures, schema, split
from data_releases.croissant import croissant
from data_releases.manifest import LEADERBOARD, MANIFEST, SUMS, canonical, sha256, signed, sums
from data_releases.projection import Projected
from data_releases.writing import NOTHING_BEGUN, Begun, all_written, written

#: Names the rules in `docs/releases.md`; grows when what is withheld or merged changes.
POLICY_VERSION: Final = "2026-11-26"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a release says about itself besides its tables. Dates are days in UTC; `end` is the first day outside.

    previous: the release that it follows. revisions: earlier ones of itself, the oldest first. withdrawn_tallies: what
    withdrawals took away from the earlier votes since the release before it, as rows of `prior_tallies`.
    missing_clips: that might be published and whose bytes were not there. split_rule: which prompts are nearly equal.
    """

    arena: str
    modality: str
    release: str
    start: date
    end: date
    embargo_days: int
    created: date
    licence: str
    previous: dict[str, str] | None = None
    revisions: tuple[dict[str, str], ...] = ()
    withdrawn_tallies: tuple[dict[str, Any], ...] = ()
    missing_clips: int = 0
    split_rule: str = near_duplicates.RULE


@dataclass(frozen=True, slots=True)
class Assembled:
    """The files of a release by path, the manifest among them, its content, and SHA-256 of each clip by path."""

    files: dict[str, bytes]
    manifest: dict[str, Any]
    clips: dict[str, str]


def assemble(
    projected: Projected, prior: pa.Table, facts: Facts, key: Ed25519PrivateKey, begun: Begun = NOTHING_BEGUN
) -> Assembled:
    """Every file of a release.

    Args:
        projected: the anonymous tables.
        prior: `prior_tallies`: the counted votes of all earlier releases.
        facts: what the manifest says.
        key: signs the manifest.
        begun: those of the tables that are being written already.

    Raises:
        KeysCollide: two rows share a key.
        KeyError, ValueError, NotConverged: see `certified.leaderboard`.
    """
    tables = projected.tables
    made = all_written(tables, begun) | {schema.PRIOR_TALLIES.name: written(schema.PRIOR_TALLIES, lambda: prior)}
    content = {schema.BY_NAME[name].file: one.content for name, one in made.items()}
    rows = {name: one.rows for name, one in made.items()}
    votes, battles = tables["votes"], tables["battles"]
    board = certified.leaderboard(facts.arena, facts.release, tables["systems"], votes, prior)
    content[LEADERBOARD] = canonical(board)
    described = _described(projected, certified.counts_of(rows, battles, votes), facts, content[LEADERBOARD])
    described["overview"] = certified.overview_of(battles, votes)
    content |= documents.written(described, board)
    content["croissant.json"] = croissant(described, content)
    clips = audio.digests_of(tables["clips"])
    content[SUMS] = sums({path: sha256(one) for path, one in content.items()} | clips)
    described["files"] = [_entry(path, content[path], rows) for path in sorted(content)]
    content[MANIFEST] = signed(described, key)
    return Assembled(content, json.loads(content[MANIFEST]), clips)


def _described(projected: Projected, counts: dict[str, Any], facts: Facts, board: bytes) -> dict[str, Any]:
    return {
        "schema_version": schema.SCHEMA_VERSION,
        "arena": facts.arena,
        "modality": facts.modality,
        "release": facts.release,
        "supersedes": facts.revisions[-1] if facts.revisions else None,
        "earlier_revisions": list(facts.revisions),
        "withdrawn_tallies": list(facts.withdrawn_tallies),
        "removed": removed_of(projected.tables["tombstones"]),
        "previous": facts.previous,
        "window": {"start": facts.start.isoformat(), "end": facts.end.isoformat()},
        "embargo_days": facts.embargo_days,
        "created": facts.created.isoformat(),
        "simulated": _any_simulated(projected.tables),
        "licence": facts.licence,
        "policy_version": POLICY_VERSION,
        "code_sha256": code_sha256(),
        "lock_sha256": lock_sha256(),
        "libraries": dict(libraries()),
        "counts": counts,
        "withdrawn_battles": projected.withdrawn,
        "withheld_texts": projected.withheld,
        "audio": audio.described(projected.tables["clips"], facts.missing_clips),
        "merged_attributes": projected.merged,
        "pii": {"rules": pii.RULES_VERSION, "found_in_texts": projected.found, "suite": pii_figures.FIGURES},
        "embedding": embedding.described(),
        "split": {"parts": dict(zip(split.PARTS, split.SHARES, strict=True)), "near_duplicates": facts.split_rule},
        "leaderboard_sha256": sha256(board),
    }


def removed_of(tombstones: pa.Table) -> dict[str, int]:
    """Reason → rows that revisions took away or changed."""
    return dict(sorted(Counter(tombstones["reason"].to_pylist()).items()))


def _any_simulated(tables: Mapping[str, pa.Table]) -> bool:
    return any(pc.any(tables[name]["is_simulated"]).as_py() for name in ("battles", "votes"))


def _entry(path: str, content: bytes, rows: Mapping[str, int]) -> dict[str, Any]:
    entry: dict[str, Any] = {"path": path, "bytes": len(content), "sha256": sha256(content)}
    if spec := schema.BY_FILE.get(path):
        entry |= {"rows": rows[spec.name], "schema_sha256": schema.schema_sha256(spec)}
    return entry


@cache
def code_sha256() -> str:
    """The sources that decide the bytes: this package and the ranking core, as one number."""
    digest = hashlib.sha256()
    for package in ("data_releases", "arena.rankings"):
        folder = Path(str(resources(package)))
        for path in sorted(folder.glob("*.py")):
            digest.update(f"{package}/{path.name}\n".encode() + path.read_bytes())
    return digest.hexdigest()


@cache
def libraries() -> Mapping[str, str]:
    """The versions of what decides numbers and bytes; each is a file of the installation to read."""
    return {name: installed(name) for name in ("pyarrow", "numpy", "scipy")}


@cache
def lock_sha256() -> str | None:
    """The lock of the installation's packages; None where it does not come with the code."""
    lock = Path(str(resources("data_releases"))).parent / "requirements" / "base.txt"
    return sha256(lock.read_bytes()) if lock.is_file() else None
