"""IRanker: a query, the candidates, and the one that should come first; raw and as rows for reinforcement. Pure.

Two tasks: `Arena-Votes` are the votes themselves, two candidates and the preferred one; `Router-Performance`, the name
that it evaluates, has all models, and the single best one of the query's cluster.

Source: github.com/ulab-uiuc/IRanker, `examples/data_preprocess`; its rows are those of verl.
"""

import json
from collections.abc import Iterator
from itertools import chain
from typing import Any, Final

import pyarrow as pa

from data_releases.formats import grid as grids
from data_releases.formats import verl
from data_releases.formats.base import Data, Export, Format
from data_releases.formats.files import File, Rows, json_file, parquet_file
from data_releases.formats.grid import Grid, Query, best_of, grid_of
from data_releases.formats.metadata import described

VOTES: Final = "Arena-Votes"
PERFORMANCE: Final = "Router-Performance"
SCHEMA: Final = verl.schema_of(
    pa.struct([("candidate_text", pa.list_(pa.string())), ("gt", pa.string())]), pa.field("task_name", pa.string())
)


def _make(data: Data) -> Export:
    grid = grid_of(data)
    about = {name: one["feature"] for name, one in described(data, grid.models).items()}
    raw = {part: {VOTES: Rows(_votes(grid, part)), PERFORMANCE: Rows(_best(grid, part))} for part in ("train", "test")}
    files: dict[str, File] = {f"{part}.parquet": parquet_file(_rows(grid, part, about), SCHEMA) for part in raw}
    files |= {"ranking.json": json_file(raw), "llm_descriptions.json": json_file(about)}
    return Export(files, _NOTES, grid.left_out)


def _rows(grid: Grid, part: str, about: dict[str, str]) -> Iterator[dict[str, Any]]:
    listed = chain(_votes(grid, part), _best(grid, part))
    return (_row(one, n, part, about) for n, one in enumerate(listed))


def _votes(grid: Grid, part: str) -> Iterator[dict[str, Any]]:
    for query in grid.in_part(part):
        for one in query.votes:
            if one.outcome in ("left", "right"):
                yield _entry(query, [one.left, one.right], getattr(one, one.outcome), VOTES)


def _best(grid: Grid, part: str) -> Iterator[dict[str, Any]]:
    for query, cells in grid.with_cells(grid.numbers_of(part)):
        if best := best_of(cells, [cell.performance for cell in cells]):
            yield _entry(query, list(grid.models), best, PERFORMANCE)


def _entry(query: Query, candidates: list[str], best: str, task: str) -> dict[str, Any]:
    return {
        "problem": query.text,
        "candidates": candidates,
        "gt": best,
        "task_name": task,
        "imputed": any(query.answer(name) is None for name in candidates),
    }


def _row(entry: dict[str, Any], number: int, part: str, about: dict[str, str]) -> dict[str, Any]:
    listed = json.dumps({name: about[name] for name in entry["candidates"]}, ensure_ascii=False)
    content = f"Which of these models would answer the query best?\nQuery: {entry['problem']}\nModels: {listed}"
    truth = {"candidate_text": entry["candidates"], "gt": entry["gt"]}
    extra = {"split": part, "index": number, "task_name": entry["task_name"]}
    return verl.row_of(entry["task_name"], content, "ranking", truth, extra)


_NOTES: Final = (
    *grids.NOTES[:1],
    (
        f"`{VOTES}` are votes with a preference, two candidates each; nothing in it is imputed. `{PERFORMANCE}` has "
        "all models of the release, and the single best one of the query's cluster; queries without one are left out."
    ),
    (
        "The words of the prompts are ours; IRanker's own scripts make theirs from `ranking.json`. It takes "
        "descriptions of models by name: `llm_descriptions.json`."
    ),
    "The parts validation and train are one here.",
)

FORMATS: Final = (Format("iranker", "IRanker", "query, candidates and the best one; raw JSON and verl rows", _make),)
