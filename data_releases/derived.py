"""Check what follows from other tables: cells, vectors, and that the split keeps voters and prompts apart. Pure."""

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from data_releases import schema
from data_releases.cells import cell_table
from data_releases.columns import grouped
from data_releases.found import Verified
from data_releases.split import PARTS, SPLITS
from data_releases.vectors import embeddings_of, prompt_id


def check_derived(found: Verified) -> None:
    """Make them again from the tables that they follow from, and note differences."""
    tables = found.tables
    following: dict[schema.TableSpec, Callable[[], pa.Table]] = {
        schema.CELLS: lambda: cell_table(tables["systems"], tables["battles"], tables["votes"]),
        schema.EMBEDDINGS: lambda: embeddings_of(tables["conversations"]),
    }
    for spec, made in following.items():
        try:
            again = made()
        except (KeyError, pa.ArrowException) as error:
            found.say(spec.file, f"it cannot be made again: {error}")
            continue
        if not _ordered(spec, again).equals(_ordered(spec, tables[spec.name])):
            found.say(spec.file, "the other tables give other rows")
    _check_ids(found)
    _check_split(found)


def _ordered(spec: schema.TableSpec, table: pa.Table) -> pa.Table:
    rows = table.select(spec.schema.names).sort_by([(name, "ascending") for name in spec.key])
    return pa.table([column.combine_chunks() for column in rows.columns], names=spec.schema.names)


def _check_ids(found: Verified) -> None:
    told = found.tables["conversations"]
    distinct = grouped(told.select(["prompt", "prompt_id"]), ["prompt", "prompt_id"]).aggregate([]).to_pylist()
    if any(prompt_id(row["prompt"]) != row["prompt_id"] for row in distinct):
        found.say(schema.CONVERSATIONS.file, "a prompt_id is not that of its prompt")


def _check_split(found: Verified) -> None:
    """No voter, and no published first prompt, in two parts."""
    battles, tables = found.tables["battles"], found.tables
    if unknown := set(battles["split"].unique().to_pylist()) - set(SPLITS):
        found.say(schema.BATTLES.file, f"unknown parts: {', '.join(sorted(unknown))}")
    in_parts = battles.filter(pc.is_in(battles["split"], pa.array(PARTS)))
    firsts = tables["conversations"].filter(pc.equal(tables["conversations"]["turn"], 1))
    for rows, whose in ((tables["votes"], "voter_pid"), (firsts, "prompt_id")):
        at = pc.index_in(rows["battle_id"].combine_chunks(), in_parts["battle_id"].combine_chunks())
        pairs = pa.table({whose: rows[whose], "split": in_parts["split"].take(at)}).drop_null()
        distinct = grouped(pairs, [whose, "split"]).aggregate([])
        if pc.count_distinct(distinct[whose]).as_py() != len(distinct):
            found.say(schema.BATTLES.file, f"the split puts a {whose} into two parts")
