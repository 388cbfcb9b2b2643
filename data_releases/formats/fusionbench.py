"""FusionBench and FusionFactory: the table of queries and models, and candidates with scores for its routers. Pure.

Its routers read lists of candidates with a score for one of three wishes, and take `ground_truth` as the label. The
table has the columns of the data set; its own script would drop the rows without a response, so that the lists are
made here.

Source: github.com/ulab-uiuc/FusionFactory, `query_level/data_processing.py` and `query_level/router_bench_baseline`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from arena.policies.embedding import Vectors, embedded
from data_releases.formats import grid as grids
from data_releases.formats.base import Data, Export, Format
from data_releases.formats.files import File, Rows, in_batches, json_file, parquet_tables
from data_releases.formats.grid import Cell, Grid, Query, Scales, best_of, grid_of
from data_releases.formats.metadata import described, task_description

#: Wish → what performance and cost weigh in the score.
WISHES: Final = {"performance": (1.0, 0.0), "balance": (0.5, 0.5), "cost": (0.2, 0.8)}
#: Queries whose rows are made at once: each has a row for every model, with two vectors.
QUERIES: Final = 256
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


#: The vectors stand behind what they are of: column → column before it.
_VECTORS: Final = {"task_description_embedding": "task_description", "query_embedding": "query"}


def _schema() -> pa.Schema:
    kind = _ROWS
    for name, before in _VECTORS.items():
        kind = kind.insert(kind.get_field_index(before) + 1, pa.field(name, pa.list_(pa.float32())))
    return kind


SCHEMA: Final = _schema()


def _make(data: Data) -> Export:
    grid = grid_of(data)
    files: dict[str, File] = {}
    left_out = Counter(grid.left_out)
    for part, name in TABLES.items():
        files[f"{name}.parquet"] = parquet_tables(_tables(grid, part), SCHEMA)
        scales = Scales(grid.with_cells(grid.numbers_of(part)))
        for query, own in grid.with_cells(grid.numbers_of(part)):
            for wish, weights in WISHES.items():
                if _entry(query, own, scales, weights)["ground_truth"] is None:
                    left_out[f"whose query has no single best candidate ({wish}, {part})"] += len(query.votes)
        for wish, weights in WISHES.items():
            files[f"{wish}_{part}.json"] = json_file(Rows(_labelled(grid, scales, part, weights)))
    return Export(files, _NOTES, left_out)


def _labelled(grid: Grid, scales: Scales, part: str, weights: tuple[float, float]) -> Iterator[dict[str, Any]]:
    entries = (_entry(query, own, scales, weights) for query, own in grid.with_cells(grid.numbers_of(part)))
    return (entry for entry in entries if entry["ground_truth"] is not None)


def _entry(query: Query, cells: Sequence[Cell], scales: Scales, weights: tuple[float, float]) -> dict[str, Any]:
    """What its routers read of a query; `ground_truth` is None where several are best."""
    performance, cost = weights
    good, dear = scales.performance(query, cells), scales.cost(query, cells)
    scores = [round(performance * g - cost * d, 6) for g, d in zip(good, dear, strict=True)]
    candidates = [
        {"candidate_name": cell.model, "performance": g, "cost": d, "score": score, "imputed": cell.imputed}
        for cell, g, d, score in zip(cells, good, dear, scores, strict=True)
    ]
    return {"query": query.text, "candidates": candidates, "ground_truth": best_of(cells, scores)}


def _tables(grid: Grid, part: str) -> Iterator[pa.Table]:
    """The table in pieces of a few queries, each with its vectors."""
    about = described(grid.data, grid.models)
    for batch in in_batches(grid.with_cells(grid.numbers_of(part)), QUERIES):
        rows = [_row(query, cell, about[cell.model]) for query, own in batch for cell in own]
        vectors = {
            "query_embedding": np.concatenate(list(grid.data.vectors(query.text for query, _own in batch))),
            "task_description_embedding": embedded([task_description(query.task) for query, _own in batch]),
        }
        made = pa.Table.from_pylist(rows, schema=_ROWS)
        for name, before in _VECTORS.items():
            place = made.schema.get_field_index(before) + 1
            made = made.add_column(place, SCHEMA.field(name), _repeated(vectors[name], len(grid.models)))
        yield made


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
