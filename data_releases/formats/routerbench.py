"""RouterBench: one row per prompt, with performance, cost and response of every model side by side. Pure.

Source: github.com/withmartian/routerbench, `evaluate_routers.py` and `routers/`, which read CSV.
"""

import math
from itertools import starmap
from typing import Any, Final

from data_releases.formats import grid as grids
from data_releases.formats.base import Data, Export, Format
from data_releases.formats.files import File, csv_file
from data_releases.formats.grid import Cell, Query, best_of, grid_of

#: What it says where no model has the best performance.
NO_ORACLE: Final = "no_model_correct"
_WON: Final = {"left": (1.0, 0.0), "right": (0.0, 1.0), "tie": (1.0, 1.0), "both_bad": (0.0, 0.0)}


def _make(data: Data) -> Export:
    grid = grid_of(data)
    columns = ["sample_id", "prompt", "eval_name", "oracle_model_to_route_to"]
    columns += [column for model in grid.models for column in _columns(model)]
    files: dict[str, File] = {}
    for part in ("train", "test"):
        for folder, row_of in (("", _row), ("raw/", _voted)):
            cells = grid.with_cells(grid.numbers_of(part))
            files[f"{folder}routerbench_{part}.csv"] = csv_file(columns, starmap(row_of, cells))
    return Export(files, _NOTES, grid.left_out)


def _columns(model: str) -> tuple[str, ...]:
    return (model, f"{model}|model_response", f"{model}|total_cost", f"{model}|imputed", f"{model}|cost_imputed")


def _head(query: Query, oracle: str | None) -> dict[str, Any]:
    return {
        "sample_id": f"{query.task}.{query.number}",
        "prompt": query.text,
        "eval_name": query.task,
        "oracle_model_to_route_to": oracle or NO_ORACLE,
    }


def _row(query: Query, cells: list[Cell]) -> dict[str, Any]:
    row = _head(query, best_of(cells, [cell.performance for cell in cells]))
    for cell in cells:
        values = (cell.performance, cell.response, cell.cost_usd, cell.imputed, cell.cost_imputed)
        row |= dict(zip(_columns(cell.model), values, strict=True))
    return row


def _voted(query: Query, cells: list[Cell]) -> dict[str, Any]:
    """The same from the votes on the query alone; empty where there is none."""
    seen = [cell for cell in cells if not cell.imputed]
    scores = {cell.model: _share(query, cell.model) for cell in seen}
    row = _head(query, best_of(seen, list(scores.values())) if max(scores.values()) > 0 else None)
    for cell in seen:
        cost = None if cell.cost_imputed else cell.cost_usd
        values = (scores[cell.model], cell.response, cost, False, False)
        row |= dict(zip(_columns(cell.model), values, strict=True))
    return row


def _share(query: Query, model: str) -> float:
    """The share of the query's votes on a model that it won or tied."""
    won = [
        _WON[one.outcome][place]
        for one in query.votes
        for place, name in enumerate((one.left, one.right))
        if name == model
    ]
    return round(math.fsum(won) / len(won), 6)


_NOTES: Final = (
    *grids.NOTES,
    (
        "RouterBench finds its models by the columns `…|model_response`; the columns `…|imputed` and "
        "`…|cost_imputed` are ours. `raw/` has the votes alone: the share won or tied, empty for other models, "
        "which its kNN and MLP routers can do without."
    ),
    "A response is empty where the model did not answer the prompt or its provider's terms forbid publication.",
    f"The oracle is the one model with the highest performance; `{NO_ORACLE}` where several have it or nobody won.",
    "RouterBench keeps token prices of models in a table of its own: add these models with the release's prices.",
    "The parts validation and train are one here.",
)

FORMATS: Final = (Format("routerbench", "RouterBench", "a wide table: one row per prompt, all models", _make),)
