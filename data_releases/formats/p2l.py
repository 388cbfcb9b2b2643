"""Prompt-to-Leaderboard: pairs of models by prompt with numbered labels, for its Bradley-Terry and rank losses. Pure.

Source: github.com/lmarena/p2l, `p2l/dataset.py` and `p2l/losses.py`.
"""

from typing import Any, Final

import pyarrow as pa

from data_releases.formats.base import Data, Export, Format, in_parts, usable
from data_releases.formats.comparisons import Comparison
from data_releases.formats.files import json_file, parquet_file
from data_releases.formats.grid import models_of

WINNERS: Final = {"left": "model_a", "right": "model_b", "tie": "tie", "both_bad": "tie (bothbad)"}
#: 0: decisive; 1: a tie; 2: both are bad.
KINDS: Final = {"left": 0, "right": 0, "tie": 1, "both_bad": 2}
SCHEMA: Final = pa.schema(
    [
        ("prompt", pa.list_(pa.string())),
        ("model_a", pa.string()),
        ("model_b", pa.string()),
        ("winner", pa.string()),
        ("labels", pa.list_(pa.int64())),
        ("weight", pa.float64()),
        ("language", pa.string()),
        ("is_code", pa.bool_()),
    ]
)


def _make(data: Data) -> Export:
    kept, left_out = usable(data, data.comparisons.prompted(), "a prompt")
    kept = in_parts(kept, left_out)
    parts = {"train": kept.of_parts("train")}
    models = models_of(parts["train"])
    number = {name: n for n, name in enumerate(models)}
    parts |= {
        part: kept.of_parts(part).where(lambda one: {one.left, one.right} <= number.keys())
        for part in ("validation", "test")
    }
    files = {
        f"{part}.parquet": parquet_file((_row(one, number) for one in rows), SCHEMA) for part, rows in parts.items()
    }
    left_out["with a model that the training part lacks"] = len(kept) - sum(map(len, parts.values()))
    return Export(files | {"model_list.json": json_file(models)}, _NOTES, left_out)


def _row(one: Comparison, number: dict[str, int]) -> dict[str, Any]:
    winner, loser = (one.right, one.left) if one.outcome == "right" else (one.left, one.right)
    return {
        "prompt": one.prompts,
        "model_a": one.left,
        "model_b": one.right,
        "winner": WINNERS[one.outcome],
        "labels": [number[winner], number[loser], KINDS[one.outcome]],
        "weight": 1 / one.pair_propensity,
        "language": one.language,
        "is_code": "coding" in one.categories,
    }


_NOTES: Final = (
    (
        "Labels are [winner, loser, kind]; kind 1 is a tie, 2 both are bad. The loss `bt` wants two "
        "numbers and no ties: "
        "drop rows of kind 1 and 2 and the last number."
    ),
    "`weight` is the inverse propensity of the pair; only the losses `bt` and `bt-tie` take weights.",
    (
        "Rows are in the order of weeks. `datasets.load_dataset('parquet', …)` reads the parts; "
        "`save_to_disk` makes the "
        "folder that `load_from_disk` wants."
    ),
)

FORMATS: Final = (Format("p2l", "Prompt-to-Leaderboard", "prompt, pair and numbered labels by part, Parquet", _make),)
