"""LLMRouter 0.4: queries, one row per query and model, models with prices, and vectors of the queries. Pure.

LLMRouter takes the model with the best `performance` of each query as its label. One vote per prompt would make ties
and missing models win by the alphabet, so `performance` is the opponent-adjusted score of the query's cluster, for all
models: from the table `cells`, its part `train` for training and all votes for the test. `imputed` marks models that
nobody compared on this query. The votes themselves are in `raw/`.

Source: github.com/ulab-uiuc/LLMRouter, `llmrouter/data`.
"""

from collections.abc import Iterator
from typing import Any, Final

from arena.policies import embedding
from data_releases.formats.base import Data, Export, Format
from data_releases.formats.comparisons import SIDES, Comparison
from data_releases.formats.files import File, json_file, json_lines, npy_file, text_file
from data_releases.formats.grid import Grid, Query, grid_of
from data_releases.formats.metadata import described

_RAW: Final = {"left": (1.0, 0.0), "right": (0.0, 1.0), "tie": (0.5, 0.5), "both_bad": (0.5, 0.5)}

_ADAPTER: Final = '''"""Write the vectors as the file of tensors that LLMRouter reads: python adapter.py"""

import numpy as np
import torch

vectors = np.load("query_embeddings.npy")
torch.save({row: torch.from_numpy(vector.copy()) for row, vector in enumerate(vectors)}, "query_embeddings.pt")
'''


def _make(data: Data) -> Export:
    grid = grid_of(data)
    files: dict[str, File] = {}
    for part in ("train", "test"):
        files[f"query_data_{part}.jsonl"] = json_lines(map(_query, grid.in_part(part)))
        files[f"routing_data_{part}.jsonl"] = json_lines(_grid(grid, part))
        files[f"raw/routing_data_{part}.jsonl"] = json_lines(_votes(grid, part))
    files |= {
        "query_embeddings.npy": npy_file(len(grid.outline), data.vectors(query.text for query in grid.queries())),
        "llm_data.json": json_file(_models(grid)),
        "adapter.py": text_file([_ADAPTER]),
    }
    return Export(files, _NOTES, grid.left_out)


def _models(grid: Grid) -> dict[str, dict[str, Any]]:
    unknown = {"service": None, "api_endpoint": None}
    return {name: about | unknown for name, about in described(grid.data, grid.models).items()}


def _query(query: Query) -> dict[str, Any]:
    return {
        "task_name": query.task,
        "query": query.text,
        "ground_truth": None,
        "metric": "preference",
        "choices": None,
        "task_id": query.number,
    }


def _row(query: Query, model: str, performance: float) -> dict[str, Any]:
    return {
        **_query(query),
        "model_name": model,
        "performance": round(performance, 6),
        "embedding_id": query.number,
    }


def _grid(grid: Grid, part: str) -> Iterator[dict[str, Any]]:
    for query, cells in grid.with_cells(grid.numbers_of(part)):
        for cell in cells:
            yield {
                **_row(query, cell.model, cell.performance),
                "imputed": cell.imputed,
                "cluster_votes": cell.cluster_votes,
            }


def _votes(grid: Grid, part: str) -> Iterator[dict[str, Any]]:
    for query in grid.in_part(part):
        for one in query.votes:
            for side, score in zip(SIDES, _RAW[one.outcome], strict=True):
                yield {**_row(query, getattr(one, side), score), **_voted(one, side)}


def _voted(one: Comparison, side: str) -> dict[str, Any]:
    return {
        "response": getattr(one.turns[0], side),
        "output_tokens": one.output_tokens[side],
        "outcome": one.outcome,
        "pair_propensity": one.pair_propensity,
        "imputed": False,
    }


_NOTES: Final = (
    (
        "`performance` is that of the query's cluster in the release's `cells`, by Bradley-Terry with a prior: for "
        "training from votes of the training part alone, for the test from all votes. Rows of models that nobody "
        "compared on the query have `imputed: true`. `raw/` holds the votes alone."
    ),
    (
        f"Vectors are `{embedding.NAME}`, {embedding.DIMENSIONS} numbers of length 1; `adapter.py` "
        "writes the .pt file. "
        "LLMRouter's command line encodes with its own model: give it the same vectors or encode again."
    ),
    "There is no `ground_truth`: a vote is a preference, not an answer that can be checked.",
    "`size` of a model is not known to the arena and left out: the routers hybrid, smallest and largest need it.",
    "The parts validation and train are one here.",
)

FORMATS: Final = (
    Format("llmrouter", "LLMRouter 0.4", "queries, a dense grid of performance, models, vectors", _make),
)
