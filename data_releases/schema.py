"""The tables of a release: every column, its type and what it means. Pure.

A column exists only here; `projection` builds exactly these tables and `verify` accepts no others. A change of any
column is a new `SCHEMA_VERSION`.
"""

from typing import Final

import pyarrow as pa

from data_releases.tables import Column, KeysCollide, TableSpec, parquet_bytes, schema_sha256, table_of

__all__ = [
    "BY_FILE",
    "EXCLUSIONS",
    "PUBLISHED",
    "SCHEMA_VERSION",
    "TABLES",
    "Column",
    "KeysCollide",
    "TableSpec",
    "parquet_bytes",
    "schema_sha256",
    "table_of",
]

SCHEMA_VERSION: Final = 4

_TEXTS: Final = pa.list_(pa.string())
_VECTOR: Final = pa.list_(pa.float32())
_POOL: Final = pa.list_(pa.struct([("system_id", pa.string()), ("weight", pa.float64())]))


def _text(name: str, meaning: str, *, nullable: bool = False) -> Column:
    return Column(name, pa.string(), meaning, nullable)


SYSTEMS: Final = TableSpec(
    "systems",
    "Versions of the systems that could be drawn, or that hold earlier votes.",
    ("system_id",),
    (
        _text("system_id", "Name and version, for example `gpt-4o v2`; stable across releases."),
        _text("name", "Name of the system."),
        Column("version", pa.int32(), "Number of the version."),
        _text("contender", "The row of the leaderboard: versions that behave alike share it."),
        _text("organisation", "Who makes the system."),
        _text("access", "`open` or `proprietary` weights."),
        _text("licence", "Licence of the system."),
        Column("context_tokens", pa.int32(), "Length of the context, where it is known.", nullable=True),
        Column("price_in_usd_per_mtok", pa.float64(), "US dollars per million input tokens."),
        Column("price_out_usd_per_mtok", pa.float64(), "US dollars per million output tokens."),
        _text("signature", "What it accepts and gives, as canonical JSON."),
        Column("outputs_released", pa.bool_(), "Whether its provider's terms let outputs be published."),
    ),
)

BATTLES: Final = TableSpec(
    "battles",
    "Finished battles with the probability of their draw; with or without a vote.",
    ("battle_id",),
    (
        _text("battle_id", "Drawn anew for every release."),
        _text("week", "ISO week in which it began."),
        _text("state", "`voted`, `failed` or `expired`."),
        _text("reason", "Why it failed; empty otherwise."),
        Column("is_simulated", pa.bool_(), "Whether a simulated voter was at work."),
        Column("turns", pa.int16(), "How many prompts it has."),
        _text(
            "language", "ISO 639-1 code of the prompts, `und` where unknown, `other` where too few voters share it."
        ),
        Column("categories", _TEXTS, "Kinds of prompt; `other` where too few voters share the combination."),
        _text("cluster", "Language and first category, as `en/coding`: the row of `cells`."),
        _text("requirement", "What the prompt needs of a system, as canonical JSON."),
        Column("policy", pa.int32(), "Number of the sampling policy."),
        _text("policy_kind", "Kind of the sampling policy."),
        Column("pool", _POOL, "Every system that could be drawn, with its weight, in the sampler's order."),
        _text("left", "`system_id` of the left side."),
        _text("right", "`system_id` of the right side."),
        Column("pair_propensity", pa.float64(), "Probability of this pair, whatever the sides."),
        Column("side_propensity", pa.float64(), "Probability of this order of sides, given the pair."),
        Column("draw_attempt", pa.int16(), "1, or more where an earlier draw failed before anything was shown."),
        _text("text_status", "`published`, or why its texts are not in `conversations`."),
        _text(
            "split",
            "`train`, `validation` or `test`: no voter and no nearly equal first prompt is in two of them. `mixed`: "
            "its voter and its prompt are in different ones, so it is in none.",
        ),
    ),
)

RESPONSES: Final = TableSpec(
    "responses",
    "Every attempt of a system to answer, failed ones too.",
    ("response_id",),
    (
        _text("response_id", "Drawn anew for every release."),
        _text("battle_id", "Its battle."),
        Column("turn", pa.int16(), "Which prompt, from 1."),
        _text("side", "`left` or `right`."),
        _text("system_id", "Who was drawn."),
        _text(
            "answered_by",
            "`system_id` of the member that answered, where a router was drawn and picked it; null otherwise.",
            nullable=True,
        ),
        Column("attempt", pa.int16(), "Which attempt of the turn."),
        _text("status", "`complete`, `failed` or `discarded`."),
        _text("error_class", "Class of the failure; empty otherwise."),
        _text("finish_reason", "Why the system stopped, in the words of its interface."),
        Column("ttft_s", pa.float64(), "Seconds to the first token, to 0.1 s.", nullable=True),
        Column("latency_s", pa.float64(), "Seconds to the last token, to 0.1 s.", nullable=True),
        Column("input_tokens", pa.int32(), "Tokens read.", nullable=True),
        Column("output_tokens", pa.int32(), "Tokens written.", nullable=True),
        Column("cost_usd", pa.float64(), "US dollars by the prices of who answered.", nullable=True),
        Column("identity_revealed", pa.bool_(), "Whether the text named its own maker."),
    ),
)

VOTES: Final = TableSpec(
    "votes",
    "Every vote, counted or not. The leaderboard is a function of this table and of `prior_tallies`.",
    ("vote_id",),
    (
        _text("vote_id", "Drawn anew for every release."),
        _text("battle_id", "Its battle."),
        _text("voter_pid", "Pseudonym of the voter, for this release alone."),
        _text("week", "ISO week of the vote."),
        Column("turn", pa.int16(), "After which prompt the vote was cast."),
        _text("left", "`system_id` of the left side."),
        _text("right", "`system_id` of the right side."),
        _text("outcome", "`left`, `right`, `tie` or `both_bad`."),
        Column("counted", pa.bool_(), "Whether it moves the leaderboard."),
        _text("exclusion", "Class of the reason where it does not.", nullable=True),
        Column("weight", pa.float64(), "Its weight in the leaderboard: 1 where counted, else 0."),
        Column("is_simulated", pa.bool_(), "Whether a simulated voter cast it."),
        Column("reasons_left", _TEXTS, "Reasons ticked for the left side."),
        Column("reasons_right", _TEXTS, "Reasons ticked for the right side."),
    ),
)

LISTENING: Final = TableSpec(
    "listening",
    "What was heard of each clip before the vote. Only votes on music have rows; elsewhere it is empty.",
    ("vote_id", "side"),
    (
        _text("vote_id", "Its vote."),
        _text("side", "`left` or `right`."),
        Column("duration_s", pa.float64(), "Length of the clip in seconds, to 0.1 s."),
        Column(
            "heard_s", pa.int16(), "Whole seconds that were heard, at most 600; what was heard twice counts twice."
        ),
        Column(
            "coverage",
            pa.float64(),
            "Share of the clip that was heard at least once, to 0.1; null where it is not known.",
            nullable=True,
        ),
    ),
)

CLIPS: Final = TableSpec(
    "clips",
    "The clips of published battles on music: files under `audio/`, as they were heard. Elsewhere it is empty.",
    ("response_id",),
    (
        _text("response_id", "Its response."),
        _text("battle_id", "Its battle."),
        _text("path", "The file: MP3, 48 kHz, stereo, without tags."),
        Column("bytes", pa.int64(), "Size of the file."),
        _text("sha256", "SHA-256 of the file, in hexadecimal."),
        Column("duration_s", pa.float64(), "Length in seconds, to 0.1 s."),
        _text("lyrics", "What the system says that it sang; empty where it says nothing."),
    ),
)

CONVERSATIONS: Final = TableSpec(
    "conversations",
    "Texts of battles with consent to publication and without findings of the filter for personal data.",
    ("battle_id", "turn"),
    (
        _text("battle_id", "Its battle."),
        Column("turn", pa.int16(), "Which prompt, from 1."),
        _text("prompt_id", "First 16 hexadecimal digits of the SHA-256 of `prompt`: its row of `embeddings`."),
        _text("prompt", "What the voter wrote."),
        _text("left", "The left answer; null where the provider's terms forbid it.", nullable=True),
        _text("right", "The right answer; null where the provider's terms forbid it.", nullable=True),
    ),
)

FEEDBACK: Final = TableSpec(
    "feedback",
    "What voters wrote about an answer; same conditions as `conversations`.",
    ("vote_id", "side"),
    (
        _text("vote_id", "Its vote."),
        _text("side", "`left` or `right`."),
        _text("text", "What the voter wrote."),
    ),
)

EMBEDDINGS: Final = TableSpec(
    "embeddings",
    "A vector for every published prompt; the manifest names the model.",
    ("prompt_id",),
    (
        _text("prompt_id", "As in `conversations`."),
        Column("vector", _VECTOR, "256 numbers, together of length 1 (0 for a prompt without words)."),
    ),
)

CELLS: Final = TableSpec(
    "cells",
    "How each contender does on each cluster of prompts, from counted votes; imputed where nobody compared it.",
    ("part", "cluster", "contender"),
    (
        _text("part", "`all`: all counted votes. `train`: those of battles with this `split`; for training."),
        _text("cluster", "Of prompts, as in `battles`."),
        _text("contender", "As in `systems`."),
        Column("votes", pa.int64(), "Counted votes on it in the cluster."),
        Column("wins", pa.int64(), "Votes for it."),
        Column("losses", pa.int64(), "Votes for the other."),
        Column("ties", pa.int64(), "Votes for neither."),
        Column("both_bad", pa.int64(), "Votes against both."),
        Column("raw", pa.float64(), "Share of its votes that it won or tied; null without votes.", nullable=True),
        Column(
            "relative",
            pa.float64(),
            "Wins and half of the ties and both-bads, as a share of its votes.",
            nullable=True,
        ),
        Column(
            "adjusted",
            pa.float64(),
            "Probability of being preferred to another contender drawn at random, whoever it met: Bradley-Terry of "
            "the cluster with a prior around all votes.",
        ),
        Column("imputed", pa.bool_(), "Whether there is no vote on it here, so that `adjusted` comes from elsewhere."),
        Column(
            "unique_best", pa.bool_(), "Whether it alone has the highest `adjusted` of its cluster, by votes there."
        ),
    ),
)

TOMBSTONES: Final = TableSpec(
    "tombstones",
    "Rows that revisions of this release took away or changed. Whoever has a copy should do the same.",
    ("file", "key"),
    (
        _text("file", "The table."),
        _text("key", "The row's key; parts of a key are joined by `/`."),
        _text("what", "`removed`, or `changed` where only the place of a text is marked."),
        _text("reason", "Class of the reason: `withdrawn`."),
        Column("revision", pa.int16(), "The revision that did it."),
    ),
)

PRIOR_TALLIES: Final = TableSpec(
    "prior_tallies",
    "How pairs ended in all earlier releases together; the leaderboard starts from them.",
    ("first", "second"),
    (
        _text("first", "A contender; its name sorts before the other's."),
        _text("second", "The other contender."),
        Column("first_wins", pa.int64(), "Votes for `first`."),
        Column("second_wins", pa.int64(), "Votes for `second`."),
        Column("ties", pa.int64(), "Votes for neither."),
        Column("both_bad", pa.int64(), "Votes against both."),
    ),
)

TABLES: Final = (
    SYSTEMS,
    BATTLES,
    RESPONSES,
    VOTES,
    LISTENING,
    CLIPS,
    CONVERSATIONS,
    FEEDBACK,
    EMBEDDINGS,
    CELLS,
    TOMBSTONES,
    PRIOR_TALLIES,
)
BY_FILE: Final = {spec.file: spec for spec in TABLES}
BY_NAME: Final = {spec.name: spec for spec in TABLES}

#: `battles.text_status` of a battle whose texts are there; the others are in `texts`.
PUBLISHED: Final = "published"
#: Why a vote does not count; nothing finer is published.
EXCLUSIONS: Final = (
    "simulated",
    "identity_revealed",
    "integrity",
    "duplicate_prompt",
    "error",
    "held",
    "withdrawn",
)
