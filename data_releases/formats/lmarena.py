"""The shapes of LMArena's data sets: 55k (CSV, also read by RouteLLM) and 140k (Parquet). Pure.

Sources: huggingface.co/datasets/lmsys/lmsys-arena-human-preference-55k, lmarena-ai/arena-human-preference-140k.
"""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import pyarrow as pa

from data_releases.formats.base import LETTER, Data, Export, Format, usable
from data_releases.formats.comparisons import SIDES, Comparison
from data_releases.formats.files import csv_file, parquet_file

COLUMNS_55K: Final = (
    "id", "model_a", "model_b", "prompt", "response_a", "response_b", "winner_model_a", "winner_model_b", "winner_tie",
)  # fmt: skip
WINNERS_140K: Final = {"left": "model_a", "right": "model_b", "tie": "tie", "both_bad": "both_bad"}

_NEEDS: Final = "prompts and both answers"
_PART: Final = pa.struct([(name, pa.string()) for name in ("type", "text", "image", "mimeType")])
_MESSAGE: Final = pa.struct([("role", pa.string()), ("content", pa.list_(_PART))])
_HEADERS: Final = pa.struct([(f"h{level}", pa.int32()) for level in range(1, 7)])
_LISTS: Final = pa.struct([("ordered", pa.int32()), ("unordered", pa.int32())])
_BOLD: Final = pa.struct([("**", pa.int32()), ("__", pa.int32())])
_CATEGORIES: Final = ("coding", "maths", "creative-writing", "instruction-following", "hard", "multi-turn", "long")


def _metadata_type() -> pa.DataType:
    fields = [("sum_user_tokens", pa.int32())]
    for letter in LETTER.values():
        fields += [
            (f"sum_assistant_{letter}_tokens", pa.int32()),
            (f"context_{letter}_tokens", pa.int32()),
            (f"header_count_{letter}", _HEADERS),
            (f"list_count_{letter}", _LISTS),
            (f"bold_count_{letter}", _BOLD),
        ]
    return pa.struct(fields)


SCHEMA_140K: Final = pa.schema(
    [
        ("id", pa.string()),
        ("model_a", pa.string()),
        ("model_b", pa.string()),
        ("winner", pa.string()),
        ("evaluation_session_id", pa.string()),
        ("evaluation_order", pa.int32()),
        ("conversation_a", pa.list_(_MESSAGE)),
        ("conversation_b", pa.list_(_MESSAGE)),
        (
            "full_conversation",
            pa.list_(pa.struct([("user", _MESSAGE), ("model_side_a", _MESSAGE), ("model_side_b", _MESSAGE)])),
        ),
        ("conv_metadata", _metadata_type()),
        ("category_tag", pa.struct([(name, pa.bool_()) for name in _CATEGORIES])),
        ("language", pa.string()),
        ("is_code", pa.bool_()),
        ("timestamp", pa.timestamp("us", tz="UTC")),
    ]
)


def rows_55k(comparisons: Iterable[Comparison]) -> Iterator[dict[str, Any]]:
    """Rows of the 55k shape; RouteLLM reads the same."""
    for one in comparisons:
        yield {
            "id": one.vote_id,
            "model_a": one.left,
            "model_b": one.right,
            "prompt": json.dumps(one.prompts, ensure_ascii=False),
            "response_a": json.dumps(one.answers("left"), ensure_ascii=False),
            "response_b": json.dumps(one.answers("right"), ensure_ascii=False),
            "winner_model_a": int(one.outcome == "left"),
            "winner_model_b": int(one.outcome == "right"),
            "winner_tie": int(one.outcome in ("tie", "both_bad")),
        }


def _make_55k(data: Data) -> Export:
    kept, left_out = usable(data, data.comparisons.complete(), _NEEDS)
    notes = ("A vote that both are bad is a tie here: the shape has no word for it.",)
    return Export({"train.csv": csv_file(COLUMNS_55K, rows_55k(kept))}, notes, left_out)


def _make_140k(data: Data) -> Export:
    kept, left_out = usable(data, data.comparisons.complete(), _NEEDS)
    notes = (
        "`timestamp` is the Monday of the vote's ISO week, the finest time that a release holds.",
        "`evaluation_session_id` is the battle; a voter's sessions are not in a release, so `evaluation_order` is 1.",
        "`sum_user_tokens` and `context_*_tokens` are null: a release does not count the tokens of prompts alone.",
        "`category_tag` has the categories of this arena, found by its own rules, not by LMArena's classifiers.",
    )
    return Export({"train.parquet": parquet_file(map(_row_140k, kept), SCHEMA_140K)}, notes, left_out)


def _row_140k(one: Comparison) -> dict[str, Any]:
    return {
        "id": one.vote_id,
        "model_a": one.left,
        "model_b": one.right,
        "winner": WINNERS_140K[one.outcome],
        "evaluation_session_id": one.battle_id,
        "evaluation_order": 1,
        **{f"conversation_{LETTER[side]}": _conversation(one, side) for side in SIDES},
        "full_conversation": [
            {
                "user": _message("user", turn.prompt),
                **{f"model_side_{LETTER[side]}": _message("assistant", getattr(turn, side)) for side in SIDES},
            }
            for turn in one.turns
        ],
        "conv_metadata": _metadata(one),
        "category_tag": {name: name in one.categories for name in _CATEGORIES},
        "language": one.language,
        "is_code": "coding" in one.categories,
        "timestamp": monday_of(one.week),
    }


def _message(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "content": [{"type": "text", "text": text, "image": None, "mimeType": None}]}


def _conversation(one: Comparison, side: str) -> list[dict[str, Any]]:
    pairs = ((turn.prompt, getattr(turn, side)) for turn in one.turns)
    return [_message(role, text) for pair in pairs for role, text in zip(("user", "assistant"), pair, strict=True)]


def _metadata(one: Comparison) -> dict[str, Any]:
    described: dict[str, Any] = {"sum_user_tokens": None}
    for side, letter in LETTER.items():
        text = "\n\n".join(one.answers(side))
        described |= {
            f"sum_assistant_{letter}_tokens": one.output_tokens[side],
            f"context_{letter}_tokens": None,
            f"header_count_{letter}": {f"h{n}": _lines(rf"#{{{n}}} ", text) for n in range(1, 7)},
            f"list_count_{letter}": {"ordered": _lines(r"\d+\. ", text), "unordered": _lines(r"[-*+] ", text)},
            f"bold_count_{letter}": {mark: len(re.findall(pattern, text)) for mark, pattern in _BOLDS.items()},
        }
    return described


_BOLDS: Final = {"**": r"\*\*[^*\n]{1,500}\*\*", "__": r"__[^_\n]{1,500}__"}


def _lines(pattern: str, text: str) -> int:
    """Lines that begin with a mark of Markdown, outside of code blocks."""
    prose = re.sub(r"```.*?(?:```|\Z)", "", text, flags=re.DOTALL)
    return len(re.findall(rf"^\s{{0,3}}{pattern}", prose, re.MULTILINE))


def monday_of(week: str) -> datetime:
    """The first moment of an ISO week (`2026-W43`)."""
    year, number = week.split("-W")
    return datetime.fromisocalendar(int(year), int(number), 1).replace(tzinfo=UTC)


FORMATS: Final = (
    Format("lmarena-55k", "LMArena 55k (Kaggle), RouteLLM", "one row per vote, texts as JSON lists in CSV", _make_55k),
    Format(
        "lmarena-140k", "LMArena 140k, arena-rank", "one row per vote with both conversations, Parquet", _make_140k
    ),
)
