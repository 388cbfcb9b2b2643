"""FusionBench and FusionFactory: the table of queries and models, and candidates with scores for its routers. Pure.

Its routers read lists of candidates with a score for one of three wishes, and take `ground_truth` as the label. The
table has the columns of the data set; its own script would drop the rows without a response, so that the lists are
made here.

Source: github.com/ulab-uiuc/FusionFactory, `query_level/data_processing.py` and `query_level/router_bench_baseline`.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from arena.policies.embedding import Vectors, embedded
from data_releases.formats import grid as grids
from data_releases.formats.base import Data, Export, Format, json_file, parquet_table
from data_releases.formats.grid import Cell, Grid, Query, best_of, grid_of, normalised
from data_releases.formats.metadata import described, task_description

#: Wish → what performance and cost weigh in the score.
WISHES: Final = {"performance": (1.0, 0.0), "balance": (0.5, 0.5), "cost": (0.2, 0.8)}
#: Part → its name in the data set.
TABLES: Final = {"train": "train", "test": "partial_test"}
_ROWS: Final = pa.schema(
    [
        ("task_name", pa.string()),
        ("task_id", pa.int64()),
        ("task_description", pa.string()),
        ("query", pa.string()),
        ("ground_truth", pa.string()),
        ("metric", pa.string()),
        ("llm", pa.string()),
        ("input_price", pa.float64()),
        ("output_price", pa.float64()),
        ("input_tokens_num", pa.float64()),
        ("output_tokens_num", pa.float64()),
        ("performance", pa.float64()),
        ("cost", pa.float64()),
        ("response", pa.string()),
        ("llm_description", pa.string()),
        ("imputed", pa.bool_()),
        ("cost_imputed", pa.bool_()),
    ]
)


def _make(data: Data) -> Export:
    grid = grid_of(data)
    files: dict[str, bytes] = {}
    left_out = dict(grid.left_out)
    for part, name in TABLES.items():
        cells = [(query, grid.cells(query)) for query in grid.in_part(part)]
        files[f"{name}.parquet"] = parquet_table(_table(grid, cells))
        for wish, weights in WISHES.items():
            listed = _candidates(cells, *weights)
            files[f"{wish}_{part}.json"] = json_file([one for one in listed if one["ground_truth"]])
            left_out[f"whose query has no single best candidate ({wish}, {part})"] = sum(
                len(query.votes)
                for (query, _own), one in zip(cells, listed, strict=True)
                if one["ground_truth"] is None
            )
    return Export(files, _NOTES, left_out)


def _candidates(cells: Sequence[tuple[Query, list[Cell]]], performance: float, cost: float) -> list[dict[str, Any]]:
    """One entry per query; `ground_truth` is None where several are best."""
    made = []
    for (query, own), good, dear in zip(cells, *normalised(cells), strict=True):
        scores = [round(performance * g - cost * d, 6) for g, d in zip(good, dear, strict=True)]
        candidates = [
            {"candidate_name": cell.model, "performance": g, "cost": d, "score": score, "imputed": cell.imputed}
            for cell, g, d, score in zip(own, good, dear, scores, strict=True)
        ]
        made.append({"query": query.text, "candidates": candidates, "ground_truth": best_of(own, scores)})
    return made


def _table(grid: Grid, cells: Sequence[tuple[Query, list[Cell]]]) -> pa.Table:
    about = described(grid.data, grid.models)
    rows = [_row(query, cell, about[cell.model]) for query, own in cells for cell in own]
    table = pa.Table.from_pylist(rows, schema=_ROWS)
    per_query = len(grid.models)
    queries = grid.data.vectors([query.text for query, _own in cells])
    tasks = embedded([task_description(query.task) for query, _own in cells])
    for place, name, vectors in ((3, "task_description_embedding", tasks), (5, "query_embedding", queries)):
        table = table.add_column(place, name, _repeated(vectors, per_query))
    return table


def _repeated(vectors: Vectors, times: int) -> pa.Array:
    """Each row as a list of numbers, `times` times."""
    rows = pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), vectors.shape[1])
    return rows.take(pa.array(np.repeat(np.arange(len(vectors)), times))).cast(pa.list_(pa.float32()))


def _row(query: Query, cell: Cell, about: dict[str, Any]) -> dict[str, Any]:
    return {
        "task_name": query.task,
        "task_id": query.number,
        "task_description": task_description(query.task),
        "query": query.text,
        "ground_truth": None,
        "metric": "preference",
        "llm": cell.model,
        "input_price": about["input_price"],
        "output_price": about["output_price"],
        "input_tokens_num": cell.input_tokens,
        "output_tokens_num": cell.output_tokens,
        "performance": cell.performance,
        "cost": cell.cost_usd,
        "response": cell.response,
        "llm_description": about["feature"],
        "imputed": cell.imputed,
        "cost_imputed": cell.cost_imputed,
    }


_NOTES: Final = (
    *grids.NOTES,
    (
        "The lists are by wish: performance (1, 0), balance (0.5, 0.5), cost (0.2, 0.8) are the weights of "
        "performance and cost, each scaled to 0…1 within its task and part. A query where several candidates are best "
        "has no label and is left out of that list."
    ),
    (
        "There is no `ground_truth` answer in the table, and no response of a model that did not answer the query. "
        "FusionFactory's own script drops rows without a response and counts in forties: use the lists."
    ),
    "Its evaluation believes the performance of the grid. For the value of a router use the votes and propensities.",
    "The parts validation and train are one here.",
)

FORMATS: Final = (
    Format("fusionbench", "FusionBench, FusionFactory", "the table, and candidates with scores by wish", _make),
)
