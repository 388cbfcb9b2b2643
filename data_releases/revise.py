"""A revision: the tables of a published release without some rows, and a tombstone for each. Pure.

Nothing is projected again: what stays keeps its ids, and the salt is gone. Tables that follow from others (cells,
vectors) are made again from what is left.
"""

from collections import Counter
from collections.abc import Collection

import pyarrow as pa
import pyarrow.compute as pc

from data_releases import schema
from data_releases.cells import cell_table
from data_releases.difference import key_of
from data_releases.found import Verified
from data_releases.projection import Projected
from data_releases.texts import WITHDRAWN
from data_releases.vectors import embeddings_of


def revised(old: Verified, texts: Collection[str], whole: Collection[str], revision: int) -> Projected | None:
    """The release without the texts of some battles and without all of others.

    Args:
        old: the verified revision before.
        texts: `battle_id`s whose conversation and feedback go.
        whole: `battle_id`s of which nothing stays.
        revision: number of the new one.

    Returns:
        Its tables, or None where the release holds nothing of what should go.
    """
    tables = dict(old.tables)
    silent = {*texts, *whole}
    without_text, gone = (
        tables["votes"].filter(_among(tables["votes"], "battle_id", battles))["vote_id"].to_pylist()
        for battles in (silent, whole)
    )
    goes = {
        schema.CONVERSATIONS: _among(tables["conversations"], "battle_id", silent),
        schema.FEEDBACK: _among(tables["feedback"], "vote_id", without_text),
        schema.LISTENING: _among(tables["listening"], "vote_id", gone),
        schema.CLIPS: _among(tables["clips"], "battle_id", silent),
        **{spec: _among(tables[spec.name], "battle_id", whole) for spec in _WHOLE},
    }
    stones = [
        _stone(spec, row, "removed", revision)
        for spec, mask in goes.items()
        for row in tables[spec.name].filter(mask).select(list(spec.key)).to_pylist()
    ]
    tables |= {spec.name: tables[spec.name].filter(pc.invert(mask)) for spec, mask in goes.items()}
    tables["battles"], marked = _marked(tables["battles"], silent)
    stones += [_stone(schema.BATTLES, {"battle_id": battle}, "changed", revision) for battle in marked]
    if not stones:
        return None
    return _following(old, tables, stones)


_WHOLE = (schema.BATTLES, schema.RESPONSES, schema.VOTES)


def _among(table: pa.Table, column: str, values: Collection[str]) -> pa.ChunkedArray:
    return pc.is_in(table[column], pa.array(sorted(values), pa.string()))


def _stone(spec: schema.TableSpec, row: dict[str, object], what: str, revision: int) -> dict[str, object]:
    return {"file": spec.file, "key": key_of(spec, row), "what": what, "reason": WITHDRAWN, "revision": revision}


def _marked(battles: pa.Table, silent: Collection[str]) -> tuple[pa.Table, list[str]]:
    """Battles whose texts were published and are not any more say so."""
    mask = pc.and_(_among(battles, "battle_id", silent), pc.equal(battles["text_status"], schema.PUBLISHED))
    status = pc.if_else(mask, WITHDRAWN, battles["text_status"])
    place = battles.schema.get_field_index("text_status")
    return battles.set_column(place, "text_status", status), battles.filter(mask)["battle_id"].to_pylist()


def _following(old: Verified, tables: dict[str, pa.Table], stones: list[dict[str, object]]) -> Projected:
    added = pa.Table.from_pylist(stones, schema.TOMBSTONES.schema)
    # A row that was marked before and is taken away now has one stone, the newer one.
    kept = old.tables["tombstones"].to_pylist()
    places = {(stone["file"], stone["key"]) for stone in stones}
    earlier = [stone for stone in kept if (stone["file"], stone["key"]) not in places]
    tables["tombstones"] = pa.concat_tables([pa.Table.from_pylist(earlier, schema.TOMBSTONES.schema), added])
    tables["embeddings"] = embeddings_of(tables["conversations"])
    tables["cells"] = cell_table(tables["systems"], tables["battles"], tables["votes"])
    statuses = Counter(tables["battles"]["text_status"].to_pylist())
    withheld = {status: n for status, n in sorted(statuses.items()) if status != schema.PUBLISHED}
    manifest = old.manifest
    return Projected(
        {name: table for name, table in tables.items() if name != "prior_tallies"},
        withheld,
        manifest["merged_attributes"],
        manifest["pii"]["found_in_texts"],
        manifest.get("withdrawn_battles", 0),
    )
