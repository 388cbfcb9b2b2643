"""From the rows of the site to the tables of a release: nothing passes that a table of `schema` does not name. Pure.

Every identity becomes a pseudonym of the release, every time a week, every word of a machine one of a known form.
Texts pass `texts.publishable`. The result is a function of the rows as a set: their order does not matter.

    ReleaseError
    └── BuildRefused    the rows cannot be released as they are; the message says what to change
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from arena.battles.states import SIDES
from arena.rankings.categories import in_mask
from arena.router.signature import RULES, RequirementInvalid
from arena.votes.outcome import REASONS
from data_releases import anonymise, pii, schema
from data_releases.anonymise import Pseudonyms, each_distinct
from data_releases.cells import GENERAL, cell_table
from data_releases.split import split_of
from data_releases.texts import Texts, publishable
from data_releases.vectors import embeddings_of, prompt_id

Tables = Mapping[str, pa.Table]

SECONDS_DIGITS: Final = 1
WITHHELD: Final = "withheld"
#: What the interfaces of models say when an answer ends; anything else is nobody's business.
FINISH_REASONS: Final = frozenset({"", "stop", "stopped", "length", "content_filter", "tool_calls"})
_CODE: Final = re.compile(r"[A-Za-z_]{0,60}")


class ReleaseError(Exception):
    """A release cannot be made."""


class BuildRefused(ReleaseError):
    """The rows cannot be released as they are."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for one build. publish_texts: whether texts with consent may be released at all."""

    modality: str
    is_demo: bool
    publish_texts: bool
    min_voters: int = anonymise.MIN_VOTERS


@dataclass(frozen=True, slots=True)
class Projected:
    """The tables of a release and what happened on the way; see `documents` for the words."""

    tables: dict[str, pa.Table]
    withheld: dict[str, int]
    merged: dict[str, Any]
    found: dict[str, int]
    withdrawn: int = 0


def project(raw: Tables, salt: bytes, rules: Rules, carried: Collection[str] = ()) -> Projected:
    """The anonymous tables.

    Args:
        raw: the rows of `extract.read`.
        salt: of this release; see `anonymise`.
        rules: what holds.
        carried: contenders that earlier releases have votes on; their systems are listed in any case.

    Raises:
        BuildRefused: a system's name holds personal data.
    """
    names = Pseudonyms(salt)
    systems = _systems(raw["systems"])
    label = dict(zip(raw["systems"]["id"].to_pylist(), systems["system_id"].to_pylist(), strict=True))
    texts = publishable(raw, _unreleased(raw["systems"]), enabled=rules.publish_texts)
    battles, merged = _battles(raw, names, label, texts, rules)
    conversations = _conversations(texts, names)
    tables = {
        "systems": _taking_part(systems, battles, carried),
        "battles": battles,
        "responses": _responses(raw["responses"], names, label),
        "votes": _votes(raw["votes"], names, label, rules),
        "conversations": conversations,
        "feedback": _feedback(texts, names),
        "embeddings": embeddings_of(conversations),
        "tombstones": schema.TOMBSTONES.schema.empty_table(),
    }
    tables["cells"] = cell_table(tables["systems"], tables["battles"], tables["votes"])
    _require_unique(tables)
    return Projected(tables, texts.withheld, merged, texts.found, len(raw["withdrawn"]))


def _unreleased(systems: pa.Table) -> set[int]:
    return {pk for pk, released in zip(*_lists(systems, "id", "outputs_released"), strict=True) if not released}


def _lists(table: pa.Table, *names: str) -> list[list[Any]]:
    return [table[name].to_pylist() for name in names]


def _labelled(column: pa.ChunkedArray, label: Mapping[int, str]) -> pa.Array:
    return each_distinct(column, lambda pk: label[pk], pa.string())


def _systems(rows: pa.Table) -> pa.Table:
    first: dict[tuple[int, str], int] = {}
    listed = sorted(rows.to_pylist(), key=lambda row: (row["system"], row["version"]))
    for row in listed:
        first.setdefault((row["system"], row["behaviour"]), row["version"])
    described = {row["id"]: _system(row, first[row["system"], row["behaviour"]]) for row in listed}
    return pa.Table.from_pylist([described[pk] for pk in rows["id"].to_pylist()], schema=schema.SYSTEMS.schema)


def _system(row: Mapping[str, Any], first_version: int) -> dict[str, Any]:
    if pii.findings(row["name"]):
        raise BuildRefused(f"system {row['version']} has a name that looks like personal data; register it anew")
    kept = {name: row[name] for name in schema.SYSTEMS.schema.names if name in row}
    return kept | {
        "system_id": f"{row['name']} v{row['version']}",
        "contender": f"{row['name']} v{first_version}",
        "organisation": _clean(row["organisation"]),
        "licence": _clean(row["licence"]),
        "signature": _clean(_canonical(json.loads(row["signature"]))),
    }


def _taking_part(systems: pa.Table, battles: pa.Table, carried: Collection[str]) -> pa.Table:
    """Versions that could be drawn in the window, and those with earlier votes; not who came after it."""
    pools = pc.list_flatten(battles["pool"]).combine_chunks()
    drawn = {*pools.field("system_id").unique().to_pylist()} if len(pools) else set()
    drawn |= {*battles["left"].unique().to_pylist(), *battles["right"].unique().to_pylist()}
    in_pool = pc.is_in(systems["system_id"], pa.array(sorted(drawn), pa.string()))
    return systems.filter(pc.or_(in_pool, pc.is_in(systems["contender"], pa.array(sorted(carried), pa.string()))))


def _clean(text: str) -> str:
    """What an operator wrote, unless the filter finds something in it."""
    try:
        return WITHHELD if pii.findings(text) else text
    except pii.Unreadable:
        return WITHHELD


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _code(text: str | None) -> str:
    """A word of our own code; anything else came from elsewhere."""
    return (text or "") if _CODE.fullmatch(text or "") else WITHHELD


def _codes(column: pa.ChunkedArray) -> pa.Array:
    return each_distinct(column, _code, pa.string())


def _battles(
    raw: Tables, names: Pseudonyms, label: Mapping[int, str], texts: Texts, rules: Rules
) -> tuple[pa.Table, dict[str, Any]]:
    rows = raw["battles"]
    voters = rows["voter"].to_pylist()
    needs = each_distinct(rows["requirement"], lambda text: _requirement(rules.modality, text), pa.string())
    traits = anonymise.merge_rare(_lists(rows, "language", "categories"), voters, rules.min_voters)
    required = anonymise.merge_rare([needs.to_pylist()], voters, rules.min_voters)
    ids = names.column("battle", rows["id"])
    columns = {
        "battle_id": ids,
        "week": rows["week"],
        "state": _codes(rows["state"]),
        "reason": _codes(rows["reason"]),
        "is_simulated": rows["is_simulated"],
        "turns": pc.fill_null(rows["turns"], 0),
        "language": traits.columns[0],
        "categories": each_distinct(traits.columns[1], _categories, pa.list_(pa.string())),
        "cluster": _clusters(traits.columns),
        "requirement": required.columns[0],
        "policy": rows["policy"],
        "policy_kind": _codes(rows["policy_kind"]),
        "pool": each_distinct(rows["pool"], lambda text: _pool(text, label), schema.BATTLES.schema.field("pool").type),
        "left": _labelled(rows["left"], label),
        "right": _labelled(rows["right"], label),
        "pair_propensity": rows["pair_propensity"],
        "side_propensity": rows["side_propensity"],
        "draw_attempt": rows["draw_attempt"],
        "text_status": pa.array([texts.status[battle] for battle in rows["id"].to_pylist()], pa.string()),
        "split": split_of(rows, ids, raw["prompts"], names),
    }
    merged = {
        "min_voters": rules.min_voters,
        "merged_rows": traits.merged_rows + required.merged_rows,
        "smallest_group": min(filter(None, (traits.smallest, required.smallest)), default=None),
    }
    return pa.table(columns), merged


def _requirement(modality: str, text: str) -> str:
    try:
        return _canonical(RULES[modality].published(json.loads(text)))
    except (RequirementInvalid, KeyError):
        return WITHHELD


def _categories(mask: str) -> list[str]:
    return [anonymise.OTHER] if mask == anonymise.OTHER else [category.value for category in in_mask(int(mask))]


def _pool(text: str, label: Mapping[int, str]) -> list[dict[str, Any]]:
    return [{"system_id": label[pk], "weight": float(weight)} for pk, weight in json.loads(text)]


def _clusters(traits: list[pa.Array]) -> pa.Array:
    """Language and first category."""
    firsts = each_distinct(traits[1], lambda mask: next(iter(_categories(mask)), GENERAL), pa.string())
    return pc.binary_join_element_wise(traits[0], firsts, "/")


def _seconds(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.round(column, SECONDS_DIGITS)


def _responses(rows: pa.Table, names: Pseudonyms, label: Mapping[int, str]) -> pa.Table:
    ends = each_distinct(rows["finish_reason"], lambda word: word if word in FINISH_REASONS else WITHHELD, pa.string())
    return pa.table(
        {
            "response_id": names.column("response", rows["id"]),
            "battle_id": names.column("battle", rows["battle"]),
            "turn": rows["turn"],
            "side": rows["side"],
            "system_id": _labelled(rows["system"], label),
            "attempt": rows["attempt"],
            "status": _codes(rows["status"]),
            "error_class": _codes(rows["error_class"]),
            "finish_reason": ends,
            "ttft_s": _seconds(rows["ttft_s"]),
            "latency_s": _seconds(rows["latency_s"]),
            "input_tokens": rows["input_tokens"],
            "output_tokens": rows["output_tokens"],
            "cost_usd": rows["cost_usd"],
            "identity_revealed": pc.greater(pc.fill_null(rows["revealed"], 0), 0),
        }
    )


def _votes(rows: pa.Table, names: Pseudonyms, label: Mapping[int, str], rules: Rules) -> pa.Table:
    simulated = pc.or_(rows["battle_simulated"], rows["voter_simulated"])
    not_here = simulated if not rules.is_demo else pc.and_(simulated, pa.scalar(False))
    nothing = pa.scalar(None, pa.string())
    exclusion = pc.if_else(not_here, "simulated", pc.if_else(rows["revealed"], "identity_revealed", nothing))
    counted = pc.is_null(exclusion)
    reasons = {side: each_distinct(rows["reasons"], partial(_reasons, side), pa.list_(pa.string())) for side in SIDES}
    return pa.table(
        {
            "vote_id": names.column("vote", rows["id"]),
            "battle_id": names.column("battle", rows["battle"]),
            "voter_pid": names.column("voter", rows["voter"]),
            "week": rows["week"],
            "turn": rows["turn"],
            "left": _labelled(rows["left"], label),
            "right": _labelled(rows["right"], label),
            "outcome": rows["outcome"],
            "counted": counted,
            "exclusion": exclusion,
            "weight": counted.cast(pa.float64()),
            "is_simulated": simulated,
            "reasons_left": reasons["left"],
            "reasons_right": reasons["right"],
        }
    )


def _reasons(side: str, text: str) -> list[str]:
    return sorted(REASONS & set(json.loads(text).get(side, ())))


def _conversations(texts: Texts, names: Pseudonyms) -> pa.Table:
    rows = texts.conversations
    named = rows.set_column(0, "battle_id", names.column("battle", rows["battle"]))
    return named.append_column("prompt_id", each_distinct(rows["prompt"], prompt_id, pa.string()))


def _feedback(texts: Texts, names: Pseudonyms) -> pa.Table:
    rows = texts.feedback
    return rows.set_column(0, "vote_id", names.column("vote", rows["vote"]))


def _require_unique(tables: Tables) -> None:
    for spec in schema.TABLES:
        if spec.name in tables and len(spec.key) == 1:
            column = tables[spec.name][spec.key[0]]
            if pc.count_distinct(column).as_py() != len(column):
                raise BuildRefused(f"two rows of {spec.name} share a key; build the release again with a new salt")
