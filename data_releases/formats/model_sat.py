"""Model-SAT: what a model can do in words, with queries that it is good and bad at. Pure.

It reads accuracies on tasks. A vote holds no accuracy: the instruction says how often the model was preferred.

Source: the files of its capability instructions, `capit_1.0.json`, `1_model_reprs.json` and `2_interactions.json`.
"""

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from data_releases.formats.base import Data, Export, Format
from data_releases.formats.comparisons import SIDES
from data_releases.formats.files import File, Rows, json_file
from data_releases.formats.grid import Grid, grid_of
from data_releases.formats.metadata import described

NOTHING, GOOD, BAD, EVEN, DISAGREE = range(5)
#: Outcome → what is said of (left, right).
_WORDS: Final = {"left": (GOOD, BAD), "right": (BAD, GOOD), "tie": (EVEN, EVEN), "both_bad": (BAD, BAD)}

#: (queries, models) of these numbers.
Said: TypeAlias = NDArray[np.int8]
Flags: TypeAlias = NDArray[np.bool_]


def _make(data: Data) -> Export:
    grid = grid_of(data)
    represented = {model: _represented(data, model) for model in grid.models}
    said = _said(grid)
    files: dict[str, File] = {"queries.json": json_file(Rows(query.text for query in grid.queries()))}
    for part in ("train", "test"):
        own = np.isin(np.arange(len(said)), grid.numbers_of(part))
        files[f"capit_1.0_{part}.json"] = json_file(Rows(_instructions(grid, represented, said, own)))
        files[f"2_interactions_{part}.json"] = json_file(Rows(_interactions(grid, said, own)))
    files["1_model_reprs.json"] = json_file(_reprs(grid, represented))
    return Export(files, _NOTES, grid.left_out)


def _represented(data: Data, model: str) -> str:
    told = [
        f'The model is preferred in {row["relative"]:.1%} of its votes on the task of "{cluster}"'
        for (part, cluster), rows in sorted(data.cells.items())
        if part == "train" and (row := rows.get(model)) and not row["imputed"]
    ]
    return ", ".join(told)


def _said(grid: Grid) -> Said:
    """What the votes on a query say of a model; `DISAGREE` where they say different things."""
    said = np.zeros((len(grid.outline), len(grid.models)), np.int8)
    place = {model: n for n, model in enumerate(grid.models)}
    for query in grid.queries():
        for one in query.votes:
            for side, word in zip(SIDES, _WORDS[one.outcome], strict=True):
                at = (query.number, place[getattr(one, side)])
                said[at] = word if said[at] in (NOTHING, word) else DISAGREE
    return said


def _instructions(grid: Grid, represented: dict[str, str], said: Said, own: Flags) -> Iterator[dict[str, Any]]:
    """One entry per model; the texts of one model's queries are in memory at once."""
    for n, model in enumerate(grid.models):
        texts = {
            name: [query.text for query in grid.queries(np.flatnonzero(own & (said[:, n] == word)))]
            for name, word in (("pos", GOOD), ("neg", BAD))
        }
        yield {"model_repr": represented[model], "data_repr": texts}


def _interactions(grid: Grid, said: Said, own: Flags) -> Iterator[dict[str, Any]]:
    tasks = np.array(grid.outline.tasks)
    for task in sorted(set(grid.outline.tasks)):
        here = own & (tasks == task)
        for n, model in enumerate(grid.models):
            yield {
                "dataset_name": task,
                "model_repr_id": model,
                "correct_query_indices": np.flatnonzero(here & (said[:, n] == GOOD)).tolist(),
                "incorrect_query_indices": np.flatnonzero(here & (said[:, n] == BAD)).tolist(),
            }


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
