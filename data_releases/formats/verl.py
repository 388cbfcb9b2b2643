"""Rows for reinforcement as the trainer verl reads them; IRanker and Router-R1 are made from it. Pure.

Source: github.com/volcengine/verl, `docs/preparation/prepare_data.rst`.
"""

from typing import Any

import pyarrow as pa


def schema_of(ground_truth: pa.DataType, *more: pa.Field) -> pa.Schema:
    """The columns. ground_truth: what the reward is told; more: of `extra_info`, beside split and index."""
    message = pa.struct([("role", pa.string()), ("content", pa.string())])
    return pa.schema(
        [
            ("data_source", pa.string()),
            ("prompt", pa.list_(message)),
            ("ability", pa.string()),
            ("reward_model", pa.struct([("style", pa.string()), ("ground_truth", ground_truth)])),
            ("extra_info", pa.struct([("split", pa.string()), ("index", pa.int64()), *more])),
        ]
    )


def row_of(
    source: str, content: str, ability: str, ground_truth: dict[str, Any], extra: dict[str, Any]
) -> dict[str, Any]:
    """One row: a single message of the user, judged by a rule."""
    return {
        "data_source": source,
        "prompt": [{"role": "user", "content": content}],
        "ability": ability,
        "reward_model": {"style": "rule", "ground_truth": ground_truth},
        "extra_info": extra,
    }
