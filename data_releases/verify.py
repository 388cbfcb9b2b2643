"""Check a release without its site: signature, checksums, schemas, counts, and the leaderboard to the byte.

Nothing is believed that can be computed: counts are counted again, cells, vectors and the leaderboard are made again.
Every problem names its file; checking goes on after a problem as far as the files allow.

"""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from arena.rankings.bradley_terry import NotConverged
from data_releases import certified, schema
from data_releases.audio import check_files, check_rows, digests_of
from data_releases.columns import grouped
from data_releases.derived import check_derived
from data_releases.found import Verified
from data_releases.manifest import (
    LEADERBOARD,
    MANIFEST,
    SUMS,
    ManifestError,
    canonical,
    read_manifest,
    require_signer,
    sha256,
    sums,
)
from data_releases.older import tables_of, upgraded
from data_releases.source import Source, Unreadable


def verify(source: Source, key: str | None = None, *, audio: bool = True) -> Verified:
    """Check everything that one release says about itself; its tables come in the shape of today's schema.

    Args:
        source: where it lies.
        key: the expected signer, in hexadecimal; None: any.
        audio: whether to read the clips, too.

    Raises:
        Unreadable: there is no manifest to begin with.
    """
    found = Verified()
    try:
        found.manifest = read_manifest(source.read(MANIFEST))
        if key is not None:
            require_signer(found.manifest, key)
    except ManifestError as error:
        found.say(MANIFEST, str(error))
        return found
    specs = tables_of(found.manifest["schema_version"])
    content = _files(source, found, specs)
    _tables(content, found, specs)
    if len(found.tables) == len(specs) and _upgraded(found):
        _sums(content, found)
        _counts(found, specs)
        check_derived(found)
        check_rows(found)
        _board(content.get(LEADERBOARD), found)
        if audio:
            check_files(source, found)
    return found


def _upgraded(found: Verified) -> bool:
    try:
        found.tables = upgraded(found.tables, found.manifest["schema_version"])
    except (KeyError, ValueError) as error:
        # Arrow's errors of content are ValueErrors, too.
        found.say(MANIFEST, f"its tables are none of schema {found.manifest['schema_version']}: {error}")
        return False
    return True


def _files(source: Source, found: Verified, specs: Sequence[schema.TableSpec]) -> dict[str, bytes]:
    """The files whose bytes are those of the manifest."""
    good: dict[str, bytes] = {}
    for entry in found.manifest["files"]:
        path = entry["path"]
        try:
            content = source.read(path, entry["bytes"])
        except Unreadable as error:
            found.say(path, str(error).removeprefix(f"{path}: "))
            continue
        if sha256(content) != entry["sha256"]:
            found.say(path, "the checksum is not that of the manifest")
            continue
        good[path] = content
    for spec in specs:
        if spec.file not in {entry["path"] for entry in found.manifest["files"]}:
            found.say(spec.file, "the manifest does not list it")
    return good


def _sums(content: Mapping[str, bytes], found: Verified) -> None:
    # What is in `content` has the digest that the manifest names.
    listed = {entry["path"]: entry["sha256"] for entry in found.manifest["files"] if entry["path"] != SUMS}
    if SUMS in content and sums(listed | digests_of(found.tables["clips"])) != content[SUMS]:
        found.say(SUMS, "its sums are not those of the files")


def _tables(content: Mapping[str, bytes], found: Verified, specs: Sequence[schema.TableSpec]) -> None:
    entries = {entry["path"]: entry for entry in found.manifest["files"]}
    for spec in specs:
        if spec.file not in content:
            continue
        try:
            table = schema.table_of(content[spec.file])
        except (pa.ArrowException, OSError) as error:
            found.say(spec.file, f"it is no Parquet file: {type(error).__name__}")
            continue
        if problem := _schema_problem(spec, table, entries[spec.file]):
            found.say(spec.file, problem)
        else:
            found.tables[spec.name] = table


def _schema_problem(spec: schema.TableSpec, table: pa.Table, entry: Mapping[str, Any]) -> str:
    if table.schema.names != spec.schema.names or table.schema.types != spec.schema.types:
        return "its columns are not those of the schema"
    if entry.get("schema_sha256") != schema.schema_sha256(spec):
        return "the manifest names another schema"
    if empty := [c.name for c in spec.columns if not c.nullable and table[c.name].null_count]:
        return f"no value where there must be one: {', '.join(empty)}"
    if entry.get("rows") != len(table):
        return f"it has {len(table)} rows, the manifest says {entry.get('rows')}"
    keys = grouped(table.select(list(spec.key)), spec.key).aggregate([])
    return "" if len(keys) == len(table) else f"two rows share a key ({', '.join(spec.key)})"


def _counts(found: Verified, specs: Sequence[schema.TableSpec]) -> None:
    tables = found.tables
    rows = {spec.name: len(tables[spec.name]) for spec in specs}
    counted = certified.counts_of(rows, tables["battles"], tables["votes"])
    for name, value in counted.items():
        if found.manifest["counts"].get(name) != value:
            told = found.manifest["counts"].get(name)
            found.say(schema.VOTES.file, f"{name}: the manifest says {told}, the tables say {value}")
    # Releases from before it was told do without.
    if found.manifest.get("overview") not in (None, certified.overview_of(tables["battles"], tables["votes"])):
        found.say(schema.VOTES.file, "the overview of the manifest is another")
    _consistent(found)


def _consistent(found: Verified) -> None:
    """Rows name rows that exist, and a vote counts exactly if it has no class of exclusion."""
    tables = found.tables
    systems, battles = tables["systems"]["system_id"], tables["battles"]["battle_id"]
    votes = tables["votes"]
    for name, column, known in (
        ("battles", "left", systems),
        ("battles", "right", systems),
        ("votes", "left", systems),
        ("votes", "right", systems),
        ("responses", "system_id", systems),
        ("responses", "answered_by", systems),
        ("votes", "battle_id", battles),
        ("responses", "battle_id", battles),
        ("conversations", "battle_id", battles),
        ("listening", "vote_id", votes["vote_id"]),
        ("feedback", "vote_id", votes["vote_id"]),
    ):
        strangers = pc.invert(pc.is_in(tables[name][column].drop_null(), known.combine_chunks()))
        if pc.any(strangers).as_py():
            found.say(f"{name}.parquet", f"{column} names rows that are not there")
    if pc.any(pc.equal(votes["counted"], pc.is_valid(votes["exclusion"]))).as_py():
        found.say(schema.VOTES.file, "a vote counts and is excluded, or neither")
    unknown = set(votes["exclusion"].unique().to_pylist()) - {None, *schema.EXCLUSIONS}
    if unknown:
        found.say(schema.VOTES.file, f"unknown classes of exclusion: {', '.join(sorted(unknown))}")


def _board(published: bytes | None, found: Verified) -> None:
    if published is None:
        return
    tables, manifest = found.tables, found.manifest
    try:
        board = certified.leaderboard(
            manifest["arena"], manifest["release"], tables["systems"], tables["votes"], tables["prior_tallies"]
        )
    except (KeyError, ValueError, NotConverged) as error:
        found.say(schema.VOTES.file, f"no leaderboard can be computed: {error}")
        return
    if canonical(board) != published:
        found.say(LEADERBOARD, "the votes give another leaderboard")
    if sha256(published) != manifest["leaderboard_sha256"]:
        found.say(LEADERBOARD, "the manifest names another leaderboard")
