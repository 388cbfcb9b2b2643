"""GraphRouter, also FusionFactory's copy: a dense table in a fixed order of models, by task and part. Pure.

It finds its parts by counting: the same number of queries for every task, and in each task first those to train on,
then those to validate on, then those to test on. So the largest block that a release holds is cut out of it.

Source: github.com/ulab-uiuc/FusionFactory, `query_level/GraphRouter/model/multi_task_graph_router.py`.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import numpy as np

from arena.policies.embedding import embedded
from data_releases.formats import grid as grids
from data_releases.formats.base import Data, Export, Format, NothingToExport
from data_releases.formats.comparisons import Places
from data_releases.formats.files import csv_file, json_file, npy_file, text_file
from data_releases.formats.grid import Cell, Grid, Scales, grid_of
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
    outline = grid.outline
    of_task: defaultdict[str, dict[str, list[int]]] = defaultdict(lambda: {part: [] for part in PARTS})
    for number, (task, part) in enumerate(zip(outline.tasks, outline.parts, strict=True)):
        of_task[task][part].append(number)
    block = block_of({task: [len(own[part]) for part in PARTS] for task, own in of_task.items()})
    kept = np.array(
        [
            number
            for task in block.tasks
            for part, size in zip(PARTS, block.sizes, strict=True)
            for number in of_task[task][part][:size]
        ]
    )
    about = described(data, grid.models)
    files = {
        "router_data.csv": csv_file(COLUMNS, _rows(grid, block, kept)),
        "LLM_Descriptions.json": json_file(about),
        "llm_description_embedding.npy": npy_file(len(about), [embedded([one["feature"] for one in about.values()])]),
        "config.json": json_file(_config(block, len(about))),
        "adapter.py": text_file([_ADAPTER]),
    }
    lost = int(outline.votes.sum() - outline.votes[kept].sum())
    return Export(files, _NOTES, {**grid.left_out, "whose query does not fit in the block of equal tasks": lost})


def _rows(grid: Grid, block: Block, kept: Places) -> Iterator[dict[str, Any]]:
    scales = Scales(grid.with_cells(kept))
    described_tasks = {task: task_description(task) for task in block.tasks}
    of_task = {
        task: _told(row) for task, row in zip(block.tasks, embedded(list(described_tasks.values())), strict=True)
    }
    vectors = chain.from_iterable(grid.data.vectors(query.text for query in grid.queries(kept)))
    for (query, own), vector in zip(grid.with_cells(kept), vectors, strict=True):
        common = {
            "task_id": query.task,
            "task_description": described_tasks[query.task],
            "task_description_embedding": of_task[query.task],
            "query": query.text,
            "query_embedding": _told(vector),
            "metric": "preference",
        }
        scaled = zip(own, scales.performance(query, own), scales.cost(query, own), strict=True)
        yield from (common | _cell(*one) for one in scaled)


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
