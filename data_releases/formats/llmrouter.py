"""LLMRouter 0.4: queries, one row per query and model, models with prices, and vectors of the queries. Pure.

LLMRouter takes the model with the best `performance` of each query as its label. One vote per prompt would make ties
and missing models win by the alphabet, so `performance` is the opponent-adjusted score of the query's cluster, for all
models: from the table `cells`, its part `train` for training and all votes for the test. `imputed` marks models that
nobody compared on this query. The votes themselves are in `raw/`.

Source: github.com/ulab-uiuc/LLMRouter, `llmrouter/data`.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

from data_releases import embedding
from data_releases.formats.base import (
    SIDES,
    Comparison,
    Data,
    Export,
    Format,
    in_parts,
    json_file,
    json_lines,
    npy_file,
    usable,
)

#: LLMRouter knows two parts.
PARTS: Final = {"train": "train", "validation": "train", "test": "test"}
#: Which cells a part reads: what is trained on must not have seen the votes that it is tested on.
_CELLS: Final = {"train": "train", "test": "all"}
_RAW: Final = {"left": (1.0, 0.0), "right": (0.0, 1.0), "tie": (0.5, 0.5), "both_bad": (0.5, 0.5)}

_ADAPTER: Final = '''"""Write the vectors as the file of tensors that LLMRouter reads: python adapter.py"""

import numpy as np
import torch

vectors = np.load("query_embeddings.npy")
torch.save({row: torch.from_numpy(vector.copy()) for row, vector in enumerate(vectors)}, "query_embeddings.pt")
'''


def _make(data: Data) -> Export:
    kept, left_out = usable(data, lambda one: bool(one.turns), "a prompt")
    kept = in_parts(kept, left_out)
    models = sorted({name for one in kept for name in (one.left, one.right)})
    queries: defaultdict[str, list[Comparison]] = defaultdict(list)
    for one in kept:
        queries[one.prompts[0]].append(one)
    texts = list(queries)
    files: dict[str, bytes] = {}
    for part in ("train", "test"):
        own = [(n, query) for n, query in enumerate(texts) if PARTS[queries[query][0].split] == part]
        files[f"query_data_{part}.jsonl"] = json_lines(_query(n, query, queries[query][0]) for n, query in own)
        files[f"routing_data_{part}.jsonl"] = json_lines(
            row for n, query in own for row in _grid(n, query, queries[query], models, data.cells, part)
        )
        files[f"raw/routing_data_{part}.jsonl"] = json_lines(
            row for n, query in own for row in _votes(n, query, queries[query])
        )
    files |= {
        "query_embeddings.npy": npy_file(data.vectors(texts)),
        "llm_data.json": json_file(_models(data, models)),
        "adapter.py": _ADAPTER.encode(),
    }
    return Export(files, _NOTES, left_out)


def _query(number: int, query: str, one: Comparison) -> dict[str, Any]:
    return {
        "task_name": one.cluster,
        "query": query,
        "ground_truth": None,
        "metric": "preference",
        "choices": None,
        "task_id": number,
    }


def _row(number: int, query: str, one: Comparison, model: str, performance: float) -> dict[str, Any]:
    return {
        **_query(number, query, one),
        "model_name": model,
        "performance": round(performance, 6),
        "embedding_id": number,
    }


def _grid(
    number: int,
    query: str,
    votes: list[Comparison],
    models: list[str],
    cells: Mapping[tuple[str, str], Mapping[str, dict[str, Any]]],
    part: str,
) -> Iterator[dict[str, Any]]:
    compared = {name for one in votes for name in (one.left, one.right)}
    own, every = (cells.get((which, votes[0].cluster), {}) for which in (_CELLS[part], "all"))
    for model in models:
        # A query for validation may be of a cluster that no training vote is in.
        cell = own.get(model) or every[model]
        yield {
            **_row(number, query, votes[0], model, cell["adjusted"]),
            "imputed": model not in compared,
            "cluster_votes": cell["votes"],
        }


def _votes(number: int, query: str, votes: list[Comparison]) -> Iterator[dict[str, Any]]:
    for one in votes:
        for side, score in zip(SIDES, _RAW[one.outcome], strict=True):
            yield {
                **_row(number, query, one, getattr(one, side), score),
                "response": getattr(one.turns[0], side),
                "output_tokens": one.output_tokens[side],
                "outcome": one.outcome,
                "pair_propensity": one.pair_propensity,
                "imputed": False,
            }


def _models(data: Data, models: list[str]) -> dict[str, dict[str, Any]]:
    described = {}
    for row in data.tables["systems"].to_pylist():
        name = data.models[row["system_id"]]
        if name in models:
            described[name] = {
                "feature": f"{name} by {row['organisation'] or 'an unnamed maker'}, {row['access']} weights.",
                "input_price": row["price_in_usd_per_mtok"],
                "output_price": row["price_out_usd_per_mtok"],
                "model": name,
                "service": None,
                "api_endpoint": None,
            }
    return dict(sorted(described.items()))


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
