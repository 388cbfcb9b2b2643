"""GraphRouter, also FusionFactory's copy: a dense table in a fixed order of models, by task and part. Pure.

It finds its parts by counting: the same number of queries for every task, and in each task first those to train on,
then those to validate on, then those to test on. So the largest block that a release holds is cut out of it.

Source: github.com/ulab-uiuc/FusionFactory, `query_level/GraphRouter/model/multi_task_graph_router.py`.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from arena.policies.embedding import embedded
from data_releases.formats import grid as grids
from data_releases.formats.base import Data, Export, Format, NothingToExport, csv_file, json_file, npy_file
from data_releases.formats.grid import Cell, Query, grid_of, normalised
from data_releases.formats.metadata import described, task_description
from data_releases.split import PARTS

COLUMNS: Final = (
    "task_id", "task_description", "task_description_embedding", "query", "query_embedding", "ground_truth", "metric",
    "llm", "effect", "cost", "normalized_performance", "normalized_cost", "imputed", "cost_imputed",
)  # fmt: skip
_DIGITS: Final = 6

_ADAPTER: Final = '''"""Write the vectors of the models as the pickle that GraphRouter reads: python adapter.py"""

import pickle

import numpy as np

with open("llm_description_embedding.pkl", "wb") as file:
    pickle.dump(np.load("llm_description_embedding.npy"), file)
'''


@dataclass(frozen=True, slots=True)
class Block:
    """The same numbers of queries of each task. sizes: of the three parts, in their order."""

    tasks: tuple[str, ...]
    sizes: tuple[int, ...]


def block_of(sizes: Mapping[str, Sequence[int]]) -> Block:
    """The block with most queries, of tasks in the order of their sizes.

    Args:
        sizes: task → numbers of its queries in the three parts.

    Raises:
        NothingToExport: no task has a query to train and one to test on.
    """
    usable = [task for task, (train, _validation, test) in sizes.items() if train and test]
    usable.sort(key=lambda task: (-sum(sizes[task]), task))
    blocks = [
        Block(tuple(usable[:n]), tuple(min(sizes[task][part] for task in usable[:n]) for part in range(len(PARTS))))
        for n in range(1, len(usable) + 1)
    ]
    if not blocks:
        raise NothingToExport("no task has a query to train on and one to test on")
    return max(blocks, key=lambda block: len(block.tasks) * sum(block.sizes))


def _make(data: Data) -> Export:
    grid = grid_of(data)
    of_task: defaultdict[str, dict[str, list[Query]]] = defaultdict(lambda: {part: [] for part in PARTS})
    for query in grid.queries:
        of_task[query.task][query.part].append(query)
    block = block_of({task: [len(own[part]) for part in PARTS] for task, own in of_task.items()})
    kept = [
        query
        for task in block.tasks
        for part, size in zip(PARTS, block.sizes, strict=True)
        for query in of_task[task][part][:size]
    ]
    cells = [(query, grid.cells(query)) for query in kept]
    about = described(data, grid.models)
    files = {
        "router_data.csv": csv_file(COLUMNS, _rows(data, block, cells)),
        "LLM_Descriptions.json": json_file(about),
        "llm_description_embedding.npy": npy_file(embedded([one["feature"] for one in about.values()])),
        "config.json": json_file(_config(block, len(about))),
        "adapter.py": _ADAPTER.encode(),
    }
    lost = sum(len(query.votes) for query in grid.queries) - sum(len(query.votes) for query in kept)
    return Export(files, _NOTES, {**grid.left_out, "whose query does not fit in the block of equal tasks": lost})


def _rows(data: Data, block: Block, cells: list[tuple[Query, list[Cell]]]) -> list[dict[str, Any]]:
    vectors = data.vectors([query.text for query, _own in cells])
    described_tasks = {task: task_description(task) for task in block.tasks}
    of_task = {
        task: _told(row) for task, row in zip(block.tasks, embedded(list(described_tasks.values())), strict=True)
    }
    rows = []
    for (query, own), vector, good, dear in zip(cells, vectors, *normalised(cells), strict=True):
        common = {
            "task_id": query.task,
            "task_description": described_tasks[query.task],
            "task_description_embedding": of_task[query.task],
            "query": query.text,
            "query_embedding": _told(vector),
            "metric": "preference",
        }
        rows += [common | _cell(*one) for one in zip(own, good, dear, strict=True)]
    return rows


def _cell(cell: Cell, good: float, dear: float) -> dict[str, Any]:
    return {
        "llm": cell.model,
        "effect": cell.performance,
        "cost": dear,
        "normalized_performance": good,
        "normalized_cost": dear,
        "imputed": cell.imputed,
        "cost_imputed": cell.cost_imputed,
    }


def _told(vector: Any) -> str:
    return json.dumps([round(float(number), _DIGITS) for number in vector])


def _config(block: Block, models: int) -> dict[str, Any]:
    # Half a query more than each part has: the reader rounds down.
    each = sum(block.sizes)
    return {
        "llm_num": models,
        "num_task": len(block.tasks),
        "split_ratio": [(size + 0.5) / each if size else 0.0 for size in block.sizes],
        "queries_per_task": dict(zip(PARTS, block.sizes, strict=True)),
        "scenario": "Performance First",
    }


_NOTES: Final = (
    *grids.NOTES,
    (
        "GraphRouter counts: rows are by task, then part, then query, then model, with the same numbers of queries in "
        "every task. `config.json` holds the numbers for its configuration; what did not fit is left out."
    ),
    "`cost` and the `normalized_` columns are scaled to 0…1 within the task. There is no `ground_truth`.",
    "`adapter.py` writes the pickle of the models' vectors, which are hashed words of their descriptions.",
    "FusionFactory's copy tests on a fixed slice of queries (20 to 34): set it to the part test.",
)

FORMATS: Final = (
    Format("graphrouter", "GraphRouter", "a dense table of effect and cost, descriptions, vectors", _make),
)
