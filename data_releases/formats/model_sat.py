"""Model-SAT: what a model can do in words, with queries that it is good and bad at. Pure.

It reads accuracies on tasks. A vote holds no accuracy: the instruction says how often the model was preferred.

Source: the files of its capability instructions, `capit_1.0.json`, `1_model_reprs.json` and `2_interactions.json`.
"""

from collections import defaultdict
from typing import Any, Final

from data_releases.formats.base import SIDES, Data, Export, Format, json_file
from data_releases.formats.grid import Grid, Query, grid_of
from data_releases.formats.metadata import described

#: Outcome → for (left, right): good at the query, bad at it, or neither.
_GOOD: Final = {"left": (True, False), "right": (False, True), "tie": (None, None), "both_bad": (False, False)}


def _make(data: Data) -> Export:
    grid = grid_of(data)
    represented = {model: _represented(data, model) for model in grid.models}
    files: dict[str, bytes] = {"queries.json": json_file([query.text for query in grid.queries])}
    for part in ("train", "test"):
        good, bad = _sorted(grid.in_part(part))
        files[f"capit_1.0_{part}.json"] = json_file(
            [
                {
                    "model_repr": represented[model],
                    "data_repr": {
                        "pos": [query.text for query in good[model]],
                        "neg": [query.text for query in bad[model]],
                    },
                }
                for model in grid.models
            ]
        )
        files[f"2_interactions_{part}.json"] = json_file(_interactions(grid, good, bad))
    files["1_model_reprs.json"] = json_file(_reprs(grid, represented))
    return Export(files, _NOTES, grid.left_out)


def _represented(data: Data, model: str) -> str:
    told = [
        f'The model is preferred in {row["relative"]:.1%} of its votes on the task of "{cluster}"'
        for (part, cluster), rows in sorted(data.cells.items())
        if part == "train" and (row := rows.get(model)) and not row["imputed"]
    ]
    return ", ".join(told)


def _sorted(queries: list[Query]) -> tuple[dict[str, list[Query]], dict[str, list[Query]]]:
    """Model → queries that it won, and that it lost; neither where its votes on a query disagree."""
    good: defaultdict[str, list[Query]] = defaultdict(list)
    bad: defaultdict[str, list[Query]] = defaultdict(list)
    for query in queries:
        said: defaultdict[str, set[bool | None]] = defaultdict(set)
        for one in query.votes:
            for side, is_good in zip(SIDES, _GOOD[one.outcome], strict=True):
                said[getattr(one, side)].add(is_good)
        for model, words in said.items():
            if words == {True}:
                good[model].append(query)
            elif words == {False}:
                bad[model].append(query)
    return good, bad


def _interactions(grid: Grid, good: dict[str, list[Query]], bad: dict[str, list[Query]]) -> list[dict[str, Any]]:
    tasks = sorted({query.task for query in grid.queries})
    return [
        {
            "dataset_name": task,
            "model_repr_id": model,
            "correct_query_indices": [query.number for query in good[model] if query.task == task],
            "incorrect_query_indices": [query.number for query in bad[model] if query.task == task],
        }
        for task in tasks
        for model in grid.models
    ]


def _reprs(grid: Grid, represented: dict[str, str]) -> list[dict[str, Any]]:
    makers = {
        grid.data.models[row["system_id"]]: row["organisation"] for row in grid.data.tables["systems"].to_pylist()
    }
    return [
        {"model_repr_id": model, "institute": makers[model], "capability": represented[model]}
        for model in described(grid.data, grid.models)
    ]


_NOTES: Final = (
    (
        "Model-SAT's instructions say accuracies. A vote holds none: the sentence says in what share of its votes of "
        "the training part the model was preferred (ties as half), task by task. A task without votes on it is left "
        "out; nothing is imputed."
    ),
    (
        "`pos` and `correct`: queries where the model was preferred; `neg` and `incorrect`: where the other was, or "
        "both were bad. Ties, and queries on which its votes disagree, are in neither."
    ),
    "Indices are places in `queries.json`. The parts validation and train are one here.",
)

FORMATS: Final = (Format("model-sat", "Model-SAT", "capability instructions with won and lost queries", _make),)
