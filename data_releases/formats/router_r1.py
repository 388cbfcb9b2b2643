"""Router-R1: questions for reinforcement, and the pool of models with prices and descriptors. Pure.

Its reward compares an answer with reference answers. Votes hold none, so the targets are empty: the rows serve to
generate and to evaluate by other means, and the pool to route in. Nothing is passed off as a reference.

Source: github.com/ulab-uiuc/Router-R1, `data_process` and `router_r1/llm_agent/route_service.py`.
"""

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from data_releases.formats import verl
from data_releases.formats.base import Data, Export, Format
from data_releases.formats.files import File, json_file, parquet_file, text_file
from data_releases.formats.grid import Grid, Query, grid_of
from data_releases.formats.metadata import described

SCHEMA: Final = verl.schema_of(pa.struct([("target", pa.list_(pa.string()))]))
#: So many of its best clusters stand in a model's descriptor.
_NAMED: Final = 3

_ADAPTER: Final = '''"""The pool of this release, for Router-R1's prompt_pool.py and route_service.py."""

import json

with open("llm_pool.json") as file:
    POOL = json.load(file)
DESCRIPTORS = "\\n".join(f"{name}: {model['descriptor']}" for name, model in POOL.items())
API_PRICE_1M_TOKENS = {name: model["price_per_million_tokens"] for name, model in POOL.items()}


def check_llm_name(target):
    """The name in the pool that the text means, or the empty text."""
    return next((name for name in sorted(POOL, key=len, reverse=True) if name.lower() in target.lower()), "")
'''


def _make(data: Data) -> Export:
    grid = grid_of(data)
    files: dict[str, File] = {f"{part}.parquet": parquet_file(_rows(grid, part), SCHEMA) for part in ("train", "test")}
    files |= {"llm_pool.json": json_file(_pool(grid)), "adapter.py": text_file([_ADAPTER])}
    return Export(files, _NOTES, grid.left_out)


def _rows(grid: Grid, part: str) -> Iterator[dict[str, Any]]:
    return (_row(query, n, part) for n, query in enumerate(grid.in_part(part)))


def _row(query: Query, number: int, part: str) -> dict[str, Any]:
    return verl.row_of(query.task, query.text, "preference", {"target": []}, {"split": part, "index": number})


def _pool(grid: Grid) -> dict[str, dict[str, Any]]:
    return {
        name: {
            "descriptor": f"{about['feature']} {_strengths(grid.data, name)}".strip(),
            "input_price": about["input_price"],
            "output_price": about["output_price"],
            "price_per_million_tokens": about["output_price"],
        }
        for name, about in described(grid.data, grid.models).items()
    }


def _strengths(data: Data, model: str) -> str:
    """Where it was preferred most, by votes on it in the training part."""
    found = [
        (-row["relative"], cluster)
        for (part, cluster), rows in data.cells.items()
        if part == "train" and (row := rows.get(model)) and not row["imputed"]
    ]
    listed = ", ".join(f"{cluster} ({-share:.0%} of its votes)" for share, cluster in sorted(found)[:_NAMED])
    return f"Preferred most in: {listed}." if listed else ""


_NOTES: Final = (
    (
        "`target` is empty in every row: its reward (exact match or F1) needs reference answers, and a vote is no "
        "such answer. Training by that reward needs questions with answers beside these."
    ),
    (
        "`adapter.py` has the descriptors, prices and the parser of names for its pool. Its price is one number per "
        "model: the output price in US dollars per million tokens."
    ),
    "Descriptors name the clusters of prompts where a model was preferred most, from votes of the training part.",
    "The parts validation and train are one here.",
)

FORMATS: Final = (Format("router-r1", "Router-R1", "questions without reference answers; the pool of models", _make),)
