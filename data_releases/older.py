"""Releases of older schemas: what they lack, and what stands for it. Pure.

    1   no clusters, cells, vectors and tombstones; the split goes by the first prompt alone
    2   nothing of what was heard, and not which member answered for a router
    3   no clips

A published release never changes, so these are read for as long as somebody has one: checked, revised, exported. Their
tables are brought to the shape of today by what follows from them; what nobody noted is empty.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from data_releases.cells import GENERAL, cell_table
from data_releases.columns import each_distinct
from data_releases.schema import TABLES, TableSpec
from data_releases.split import MIXED, PARTS
from data_releases.vectors import embeddings_of, prompt_id

#: Of schema 1, where the manifest does not say how prompts were told apart.
SPLIT_RULE_1: Final = "equal first prompts"

_TABLE_SINCE: Final = {"embeddings": 2, "cells": 2, "tombstones": 2, "listening": 3, "clips": 4}
_COLUMN_SINCE: Final = {
    ("battles", "cluster"): 2,
    ("conversations", "prompt_id"): 2,
    ("responses", "answered_by"): 3,
}


def tables_of(version: int) -> tuple[TableSpec, ...]:
    """The tables of a schema."""
    return tuple(
        replace(spec, columns=tuple(c for c in spec.columns if _COLUMN_SINCE.get((spec.name, c.name), 1) <= version))
        for spec in TABLES
        if _TABLE_SINCE.get(spec.name, 1) <= version
    )


def upgraded(tables: Mapping[str, pa.Table], version: int) -> dict[str, pa.Table]:
    """The tables of a release of any known schema in the shape of today's.

    Raises:
        KeyError, ValueError: the rows do not fit together, or are none of this schema.
    """
    made = dict(tables)
    if version < 2:
        made["battles"] = _clustered(_parted(made["battles"], made["votes"]))
        prompts = made["conversations"]
        made["conversations"] = prompts.append_column(
            "prompt_id", each_distinct(prompts["prompt"], prompt_id, pa.string())
        )
        made["cells"] = cell_table(made["systems"], made["battles"], made["votes"])
        made["embeddings"] = embeddings_of(made["conversations"])
    if version < 3:
        nobody = pa.nulls(len(made["responses"]), pa.string())
        made["responses"] = made["responses"].append_column("answered_by", nobody)
    for spec in TABLES:
        table = made.get(spec.name, spec.schema.empty_table())
        made[spec.name] = table.select(spec.schema.names)
    return made


def _clustered(battles: pa.Table) -> pa.Table:
    firsts = [next(iter(categories), GENERAL) for categories in battles["categories"].to_pylist()]
    return battles.append_column("cluster", pc.binary_join_element_wise(battles["language"], pa.array(firsts), "/"))


def _parted(battles: pa.Table, votes: pa.Table) -> pa.Table:
    """Each voter in one part: what is in another than the first of them is `mixed`."""
    voter_of = dict(zip(votes["battle_id"].to_pylist(), votes["voter_pid"].to_pylist(), strict=True))
    parts = battles["split"].to_pylist()
    voters = [voter_of.get(battle) for battle in battles["battle_id"].to_pylist()]
    own: dict[Any, str] = {}
    for voter, part in zip(voters, parts, strict=True):
        own[voter] = min(own.get(voter, part), part, key=PARTS.index)
    split = [part if voter is None or own[voter] == part else MIXED for voter, part in zip(voters, parts, strict=True)]
    return battles.set_column(battles.schema.get_field_index("split"), "split", pa.array(split, pa.string()))


def split_rule(manifest: Mapping[str, Any]) -> str:
    """How prompts were told apart that are nearly the same."""
    return str(manifest.get("split", {}).get("near_duplicates", SPLIT_RULE_1))
