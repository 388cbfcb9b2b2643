"""The rows of a part of the month, as far as they follow from that part alone. Pure.

Every identity becomes a pseudonym of the release, every time a week, every word of a machine one of a known form.
Texts pass `texts.publishable`. Parts of one month are joined by `projection`: what needs all rows is done there, and
until then `battles` has columns of its own (`_WAITING`).
"""

import io
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from arena.battles.states import SIDES
from arena.router.signature import RULES, RequirementInvalid
from arena.votes.outcome import REASONS
from data_releases import anonymise
from data_releases.anonymise import Pseudonyms
from data_releases.audio import clip_rows
from data_releases.columns import each_distinct, each_distinct_packed, looked_up, one_array, read_hex
from data_releases.heard import listening_table
from data_releases.near_duplicates import sketches_of
from data_releases.reading import vectors_of
from data_releases.texts import Texts, publishable
from data_releases.vectors import distinct_prompts, embeddings_of, prompt_id, vector_table

Tables = Mapping[str, pa.Table]

SECONDS_DIGITS: Final = 1
WITHHELD: Final = "withheld"
#: What the interfaces of models say when an answer ends; anything else is nobody's business.
FINISH_REASONS: Final = frozenset({"", "stop", "stopped", "length", "content_filter", "tool_calls"})
_CODE: Final = re.compile(r"[A-Za-z_]{0,60}")


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for one build. publish_texts: whether texts with consent may be released at all."""

    modality: str
    is_demo: bool
    publish_texts: bool
    min_voters: int = anonymise.MIN_VOTERS


@dataclass(frozen=True, slots=True)
class Part:
    """Tables of a part; found: kind of personal data → texts; withdrawn: battles left out for it."""

    tables: dict[str, pa.Table]
    found: dict[str, int]
    withdrawn: int


def part_of(raw: Tables, names: Pseudonyms, rules: Rules) -> Part:
    """The rows of a part.

    Args:
        raw: the rows of `extract.read`; those of systems are of the whole arena.
        names: pseudonyms of the release.
        rules: what holds.
    """
    label = labels_of(raw["systems"])
    texts = publishable(raw, _unreleased(raw["systems"]), enabled=rules.publish_texts)
    ids = names.keys("battle", raw["battles"]["id"])

    def battle_ids(column: pa.ChunkedArray) -> pa.Array:
        return looked_up(column, raw["battles"]["id"], ids)

    conversations = _conversations(texts, battle_ids)
    votes = _votes(raw, ids, names, label, rules)
    voted = looked_up(raw["listening"]["battle"], raw["votes"]["battle"], one_array(votes["vote_id"]))
    members = _labelled(raw["routes"]["member"], label)
    tables = {
        "battles": _battles(raw, ids, names, label, texts, rules),
        "responses": _responses(raw, members, battle_ids, names, label),
        "members": pa.table({"system_id": members.unique()}),
        "votes": votes,
        "listening": listening_table(raw["listening"], voted),
        "clips": clip_rows(texts.clips, names, battle_ids),
        "conversations": conversations,
        "feedback": _feedback(texts, names),
        "embeddings": _embeddings(conversations, raw["vectors"]),
    }
    return Part(tables, texts.found, len(raw["withdrawn"]))


def labels_of(systems: pa.Table) -> dict[int, str]:
    """Version → its `system_id`."""
    return {row["id"]: f"{row['name']} v{row['version']}" for row in systems.to_pylist()}


def _unreleased(systems: pa.Table) -> set[int]:
    return {row["id"] for row in systems.to_pylist() if not row["outputs_released"]}


def _labelled(column: pa.ChunkedArray, label: Mapping[int, str]) -> pa.Array:
    return each_distinct(column, lambda pk: label[pk], pa.string())


def canonical(value: Any) -> str:
    """JSON with one spelling."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _code(text: str | None) -> str:
    """A word of our own code; anything else came from elsewhere."""
    return (text or "") if _CODE.fullmatch(text or "") else WITHHELD


def _codes(column: pa.ChunkedArray) -> pa.Array:
    return each_distinct(column, _code, pa.string())


def _battles(
    raw: Tables, ids: pa.Array, names: Pseudonyms, label: Mapping[int, str], texts: Texts, rules: Rules
) -> pa.Table:
    rows = raw["battles"]
    return pa.table(
        {
            "battle_id": ids,
            "week": _weeks(rows["day"]),
            "state": _codes(rows["state"]),
            "reason": _codes(rows["reason"]),
            "is_simulated": rows["is_simulated"],
            "turns": _numbers_of_turns(rows["id"], raw["turns"]["battle"]),
            "policy": rows["policy"],
            "policy_kind": _codes(rows["policy_kind"]),
            # As JSON, see `tables.parquet_bytes`.
            "pool": each_distinct_packed(rows["pool"], lambda text: canonical(_pool(text, label))),
            "left": _labelled(rows["left"], label),
            "right": _labelled(rows["right"], label),
            "pair_propensity": rows["pair_propensity"],
            "side_propensity": rows["side_propensity"],
            "draw_attempt": rows["draw_attempt"],
            "text_status": texts.status,
            # What waits for the other parts.
            "voter": names.column("voter", rows["voter"]),
            "language": rows["language"],
            "mask": rows["categories"],
            "requirement": each_distinct(rows["requirement"], partial(_requirement, rules.modality), pa.string()),
            "sketch": _sketches(rows["id"], raw["turns"]),
        }
    )


def _requirement(modality: str, text: str) -> str:
    try:
        return canonical(RULES[modality].published(json.loads(text)))
    except (RequirementInvalid, KeyError):
        return WITHHELD


def _pool(text: str, label: Mapping[int, str]) -> list[dict[str, Any]]:
    return [{"system_id": label[pk], "weight": float(weight)} for pk, weight in json.loads(text)]


def _numbers_of_turns(battles: pa.ChunkedArray, turns: pa.ChunkedArray) -> pa.Array:
    counted = pc.value_counts(one_array(turns))
    return pc.fill_null(looked_up(battles, counted.field("values"), counted.field("counts").cast(pa.int16())), 0)


def _sketches(battles: pa.ChunkedArray, turns: pa.Table) -> pa.Array:
    """(battles,) binary, of the first prompts; those that were read bring theirs."""
    first = turns.filter(pc.equal(turns["turn"], 1))
    known = pc.fill_null(one_array(first["sketch"]), "")
    missing = pc.equal(known, "")
    made = pa.array(sketches_of(first["prompt"].filter(missing).to_pylist()), pa.binary())
    return looked_up(battles, first["battle"], pc.replace_with_mask(read_hex(known), missing, made))


def _weeks(days: pa.ChunkedArray) -> pa.Array:
    """`2026-W43`, by ISO 8601."""
    return each_distinct(days, lambda day: "{}-W{:02}".format(*day.isocalendar()), pa.string())


def _seconds(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.round(column, SECONDS_DIGITS)


def _places(rows: pa.Table) -> pa.Array:
    """A number for every side of a pairing."""
    right = pc.equal(rows["side"], "right").cast(pa.int64())
    return one_array(pc.add(pc.multiply(rows["pairing"], 2), right))


def _responses(
    raw: Tables,
    members: pa.Array,
    battle_ids: Callable[[pa.ChunkedArray], pa.Array],
    names: Pseudonyms,
    label: Mapping[int, str],
) -> pa.Table:
    rows = raw["responses"]
    ends = each_distinct(rows["finish_reason"], lambda word: word if word in FINISH_REASONS else WITHHELD, pa.string())
    return pa.table(
        {
            "response_id": names.keys("response", rows["id"]),
            "battle_id": battle_ids(rows["battle"]),
            "turn": rows["turn"],
            "side": rows["side"],
            "system_id": _labelled(rows["system"], label),
            "answered_by": looked_up(_places(rows), _places(raw["routes"]), members),
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


def _votes(raw: Tables, ids: pa.Array, names: Pseudonyms, label: Mapping[int, str], rules: Rules) -> pa.Table:
    rows, battles = raw["votes"], raw["battles"]
    place = pc.index_in(one_array(rows["battle"]), one_array(battles["id"]))
    simulated = pc.or_(battles["is_simulated"].take(place), rows["voter_simulated"])
    not_here = simulated if not rules.is_demo else pc.and_(simulated, pa.scalar(False))
    nothing = pa.scalar(None, pa.string())
    exclusion = pc.if_else(not_here, "simulated", pc.if_else(_revealed(raw, place), "identity_revealed", nothing))
    counted = pc.is_null(exclusion)
    reasons = {side: each_distinct(rows["reasons"], partial(_reasons, side), pa.string()) for side in SIDES}
    return pa.table(
        {
            "vote_id": names.keys("vote", rows["id"]),
            "battle_id": ids.take(place),
            "voter_pid": names.column("voter", rows["voter"]),
            "week": _weeks(rows["day"]),
            "turn": rows["turn"],
            "left": _labelled(battles["left"].take(place), label),
            "right": _labelled(battles["right"].take(place), label),
            "outcome": rows["outcome"],
            "counted": counted,
            "exclusion": exclusion,
            "weight": counted.cast(pa.float64()),
            "is_simulated": simulated,
            "reasons_left": reasons["left"],
            "reasons_right": reasons["right"],
        }
    )


def _revealed(raw: Tables, place: pa.Array) -> pa.Array:
    """(votes,) whether an answer up to the voted turn named its maker; `place`: of each vote's battle."""
    battles, named = raw["battles"], raw["responses"].filter(pc.greater(raw["responses"]["revealed"], 0))
    where = pc.index_in(one_array(named["battle"]), one_array(battles["id"]))
    # What a draw before the last one showed, nobody saw.
    shown = pc.equal(named["pairing"], battles["pairing"].take(where)).to_numpy()
    first = np.full(len(battles), np.iinfo(np.int16).max, np.int16)
    np.minimum.at(first, where.to_numpy()[shown], named["turn"].to_numpy()[shown])
    return pa.array(first[place.to_numpy()] <= raw["votes"]["turn"].to_numpy())


def _reasons(side: str, text: str) -> str:
    return canonical(sorted(REASONS & set(json.loads(text).get(side, ()))))


def _conversations(texts: Texts, battle_ids: Callable[[pa.ChunkedArray], pa.Array]) -> pa.Table:
    rows = texts.conversations
    named = rows.set_column(0, "battle_id", battle_ids(rows["battle"]))
    return named.append_column("prompt_id", each_distinct(rows["prompt"], prompt_id, pa.string()))


def _feedback(texts: Texts, names: Pseudonyms) -> pa.Table:
    rows = texts.feedback
    return rows.set_column(0, "vote_id", names.column("vote", rows["vote"]))


def _embeddings(conversations: pa.Table, known: pa.Table) -> pa.Table:
    """The vectors of the published prompts: from the counts that were kept, else made."""
    prompts = distinct_prompts(conversations)
    read = pc.is_in(prompts["prompt_id"], one_array(known["prompt_id"]))
    kept = prompts.filter(read)["prompt_id"]
    counts = looked_up(kept, known["prompt_id"], one_array(known["counts"]))
    vectors = vectors_of(bytes.fromhex("".join(counts.to_pylist())))
    made = embeddings_of(prompts.filter(pc.invert(read)))
    return pa.concat_tables([vector_table(kept, vectors), made])


def to_bytes(table: pa.Table) -> bytes:
    """A table of a part, for the store."""
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def from_blocks(blocks: Iterable[bytes]) -> pa.Table:
    """The same back, in memory that Arrow returns to the system with the table."""
    read = list(blocks)
    content = pa.allocate_buffer(sum(map(len, read)))
    with pa.FixedSizeBufferWriter(content) as writer:
        for block in read:
            writer.write(block)
    return pa.ipc.open_file(content).read_all()
