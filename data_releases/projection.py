"""From the rows of the site to the tables of a release: nothing passes that a table of `schema` does not name. Pure.

What follows from a part of the rows alone is done in `part`; here the parts are joined, and done is what needs all of
them: rare attributes are merged, the split is drawn, cells are fitted. The result is a function of the rows as a set:
neither their order nor how they were cut into parts matters.

    ReleaseError
    └── BuildRefused    the rows cannot be released as they are; the message says what to change
"""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from arena.rankings.categories import in_mask
from data_releases import anonymise, pii, schema
from data_releases.anonymise import Pseudonyms
from data_releases.cells import GENERAL, cell_table
from data_releases.columns import each_distinct, one_array
from data_releases.part import WITHHELD, Part, Rules, Tables, canonical, labels_of, part_of
from data_releases.split import split_of

__all__ = ["BuildRefused", "Parts", "Projected", "ReleaseError", "Rules", "joined", "project"]

#: Tables of which a part has all there is to say, in the order in which they are best written: those that take long
#: first, but the largest when `battles` needs no memory besides its own any more.
OF_PARTS: Final = ("responses", "conversations", "votes", "embeddings", "feedback", "listening")


class ReleaseError(Exception):
    """A release cannot be made."""


class BuildRefused(ReleaseError):
    """The rows cannot be released as they are."""


class Parts(Protocol):
    """The parts of a month, wherever they lie."""

    def table(self, name: str) -> pa.Table:
        """The rows of all parts; read anew with each call."""
        ...

    @property
    def found(self) -> Mapping[str, int]:
        """Kind of personal data → texts in which it was found."""
        ...

    @property
    def withdrawn(self) -> int:
        """Battles left out because their votes were withdrawn."""
        ...


class OnePart:
    """A month in one part, in memory."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self.found, self.withdrawn = part.found, part.withdrawn

    def table(self, name: str) -> pa.Table:
        """See `Parts`."""
        return self._part.tables[name]


class _Made(Mapping[str, pa.Table]):
    """Tables by name; those of the parts are read when they are asked for, and not kept."""

    def __init__(self, made: Mapping[str, pa.Table], parts: Parts) -> None:
        self._made, self._parts = made, parts

    def __getitem__(self, name: str) -> pa.Table:
        if name in self._made:
            return self._made[name]
        if name not in OF_PARTS:
            raise KeyError(name)
        return of_parts(self._parts, name)

    def __iter__(self) -> Iterator[str]:
        return iter((*self._made, *(name for name in OF_PARTS if name not in self._made)))

    def __len__(self) -> int:
        return len(list(iter(self)))


@dataclass(frozen=True, slots=True)
class Projected:
    """The tables of a release and what happened on the way; see `documents` for the words."""

    tables: Mapping[str, pa.Table]
    withheld: dict[str, int]
    merged: dict[str, Any]
    found: dict[str, int]
    withdrawn: int = 0


def project(raw: Tables, salt: bytes, rules: Rules, carried: Collection[str] = ()) -> Projected:
    """The anonymous tables from all rows at once, see `joined`.

    Args:
        raw: the rows of `extract.read`.
        salt: of this release; see `anonymise`.
        rules: what holds.
        carried: contenders that earlier releases have votes on; their systems are listed in any case.

    Raises:
        BuildRefused: a system's name holds personal data.
    """
    names = Pseudonyms(salt)
    return joined(OnePart(part_of(raw, names, rules)), raw["systems"], names, rules, carried)


def joined(
    parts: Parts,
    versions: pa.Table,
    names: Pseudonyms,
    rules: Rules,
    carried: Collection[str] = (),
    clips: pa.Table | None = None,
) -> Projected:
    """The anonymous tables from the parts of a month.

    Args:
        parts: of the month.
        versions: `systems` of `extract.read`.
        names: pseudonyms of the release.
        rules: what holds.
        carried: see `project`.
        clips: the clips of the parts that are there; None: all of them.

    Raises:
        BuildRefused: a system's name holds personal data.
    """
    battles, merged = _battles(parts.table("battles"), names, rules)
    picked = parts.table("members")["system_id"].to_pylist()
    systems = _taking_part(_systems(versions), battles, picked, carried)
    made = {
        "systems": systems,
        "battles": battles,
        "clips": parts.table("clips") if clips is None else clips,
        "cells": cell_table(systems, battles, parts.table("votes")),
        "tombstones": schema.TOMBSTONES.schema.empty_table(),
    }
    statuses = Counter(battles["text_status"].to_pylist())
    withheld = {status: n for status, n in sorted(statuses.items()) if status != schema.PUBLISHED}
    return Projected(_Made(made, parts), withheld, merged, dict(parts.found), parts.withdrawn)


def _systems(rows: pa.Table) -> pa.Table:
    first: dict[tuple[int, str], int] = {}
    label = labels_of(rows)
    listed = sorted(rows.to_pylist(), key=lambda row: (row["system"], row["version"]))
    for row in listed:
        first.setdefault((row["system"], row["behaviour"]), row["id"])
    described = [_system(row, label[row["id"]], label[first[row["system"], row["behaviour"]]]) for row in listed]
    return pa.Table.from_pylist(described, schema=schema.SYSTEMS.schema)


def _system(row: Mapping[str, Any], label: str, contender: str) -> dict[str, Any]:
    if pii.findings(row["name"]):
        raise BuildRefused(f"system {row['version']} has a name that looks like personal data; register it anew")
    kept = {name: row[name] for name in schema.SYSTEMS.schema.names if name in row}
    return kept | {
        "system_id": label,
        "contender": contender,
        "organisation": _clean(row["organisation"]),
        "licence": _clean(row["licence"]),
        "signature": _clean(canonical(json.loads(row["signature"]))),
    }


def _taking_part(systems: pa.Table, battles: pa.Table, picked: Collection[str], carried: Collection[str]) -> pa.Table:
    """Versions drawn from in the window, picks of routers, and those with earlier votes; not who came after it."""
    pools = one_array(battles["pool"]).dictionary.to_pylist()
    drawn = {system["system_id"] for pool in pools for system in json.loads(pool)}
    drawn |= {*picked, *battles["left"].unique().to_pylist(), *battles["right"].unique().to_pylist()}
    in_pool = pc.is_in(systems["system_id"], pa.array(sorted(drawn), pa.string()))
    return systems.filter(pc.or_(in_pool, pc.is_in(systems["contender"], pa.array(sorted(carried), pa.string()))))


def _clean(text: str) -> str:
    """What an operator wrote, unless the filter finds something in it."""
    try:
        return WITHHELD if pii.findings(text) else text
    except pii.Unreadable:
        return WITHHELD


def _battles(rows: pa.Table, names: Pseudonyms, rules: Rules) -> tuple[pa.Table, dict[str, Any]]:
    """The rows of all parts with the columns that need them all."""
    traits = anonymise.merge_rare([rows["language"], rows["mask"]], rows["voter"], rules.min_voters)
    required = anonymise.merge_rare([rows["requirement"]], rows["voter"], rules.min_voters)
    language, masks = traits.columns
    made = {
        "language": language,
        "categories": each_distinct(masks, _categories, pa.list_(pa.string())),
        "cluster": _clusters(language, masks),
        "requirement": required.columns[0],
        "split": split_of(rows, names),
    }
    columns = {name: made[name] if name in made else rows[name] for name in schema.BATTLES.schema.names}
    merged = {
        "min_voters": rules.min_voters,
        "merged_rows": traits.merged_rows + required.merged_rows,
        "smallest_group": min(filter(None, (traits.smallest, required.smallest)), default=None),
    }
    # A copy, so that the rows of the parts with all their columns can go.
    return pa.table(columns).combine_chunks(), merged


def _categories(mask: str) -> list[str]:
    return [anonymise.OTHER] if mask == anonymise.OTHER else [category.value for category in in_mask(int(mask))]


def _clusters(languages: pa.Array, masks: pa.Array) -> pa.Array:
    """Language and first category."""
    firsts = each_distinct(masks, lambda mask: next(iter(_categories(mask)), GENERAL), pa.string())
    return pc.binary_join_element_wise(languages, firsts, "/")


def of_parts(parts: Parts, name: str) -> pa.Table:
    """One of `OF_PARTS`, read anew with each call."""
    return _once(parts.table(name)) if name == "embeddings" else parts.table(name)


def _once(embeddings: pa.Table) -> pa.Table:
    """One row per prompt: each part has its own."""
    ids = one_array(embeddings["prompt_id"])
    first = pc.index_in(ids, ids)
    return embeddings.filter(pc.equal(first, pa.array(range(len(ids)), pa.int32())))
