"""Queries and a dense grid of models, for readers that want a number for every pair of them. Pure.

A vote compares two models on a prompt and says nothing of the others. What the grid adds is marked: `imputed` where
nobody compared the model on the query, `cost_imputed` where it did not answer there, so that the cost is the mean of
its answers. Performance is the opponent-adjusted score of the query's cluster from the table `cells`: of part `train`
for queries to train on, of all votes for the test, since what is trained on must not have seen what it is tested on.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from data_releases.formats.base import SIDES, Comparison, Data, in_parts, usable

#: Most readers know two parts.
TWO_PARTS: Final = {"train": "train", "validation": "train", "test": "test"}
_CELLS: Final = {"train": "train", "validation": "train", "test": "all"}
#: What an answer used, in `responses`.
_SPENT: Final = ("input_tokens", "output_tokens", "cost_usd")


@dataclass(frozen=True, slots=True)
class Query:
    """One first prompt with all votes on it. number: its place among the queries. part: of the three."""

    number: int
    text: str
    part: str
    votes: tuple[Comparison, ...]

    @property
    def task(self) -> str:
        """The cluster, which readers take for a task."""
        return self.votes[0].cluster

    def answer(self, model: str) -> tuple[Comparison, str] | None:
        """The first vote in which the model answered, and on which side."""
        return next(((one, side) for one in self.votes for side in SIDES if getattr(one, side) == model), None)


@dataclass(frozen=True, slots=True)
class Cell:
    """A model on a query. performance: 0 to 1. cluster_votes: behind it. Spent: None where no answer's is known."""

    model: str
    performance: float
    imputed: bool
    cluster_votes: int
    input_tokens: float | None
    output_tokens: float | None
    cost_usd: float | None
    cost_imputed: bool
    response: str | None


@dataclass(frozen=True)
class Grid:
    """The queries of a release. models: sorted names. left_out: reason → votes."""

    data: Data
    queries: tuple[Query, ...]
    models: tuple[str, ...]
    left_out: Mapping[str, int]

    def in_part(self, part: str) -> list[Query]:
        """Queries of one of two parts: validation belongs to training."""
        return [query for query in self.queries if TWO_PARTS[query.part] == part]

    def cells(self, query: Query) -> list[Cell]:
        """Every model on the query, in the order of `models`."""
        own, every = (self.data.cells.get((which, query.task), {}) for which in (_CELLS[query.part], "all"))
        # A query for validation may be of a cluster that no training vote is in.
        return [self._cell(query, model, own.get(model) or every[model]) for model in self.models]

    def _cell(self, query: Query, model: str, scored: Mapping[str, Any]) -> Cell:
        answer = query.answer(model)
        spent = self._spent.get((answer[0].battle_id, answer[1])) if answer else None
        return Cell(
            model=model,
            performance=scored["adjusted"],
            imputed=answer is None,
            cluster_votes=scored["votes"],
            **(spent or self._means[model]),
            cost_imputed=spent is None,
            response=getattr(answer[0].turns[0], answer[1]) if answer else None,
        )

    @cached_property
    def _answers(self) -> list[dict[str, Any]]:
        columns = ["battle_id", "turn", "side", "system_id", "status", *_SPENT]
        rows = self.data.tables["responses"].select(columns).to_pylist()
        return [row for row in rows if row["status"] == "complete" and row["turn"] == 1]

    @cached_property
    def _spent(self) -> dict[tuple[str, str], dict[str, float]]:
        """(battle, side) → what its first answer used, where all of it is known."""
        known = (row for row in self._answers if all(row[name] is not None for name in _SPENT))
        return {(row["battle_id"], row["side"]): {name: row[name] for name in _SPENT} for row in known}

    @cached_property
    def _means(self) -> dict[str, dict[str, float | None]]:
        """Model → the means over its first answers."""
        rows: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in self._answers:
            rows[self.data.models[row["system_id"]]].append(row)
        return {
            model: {name: _mean(row[name] for row in rows.get(model, ())) for name in _SPENT} for model in self.models
        }


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known), 9) if known else None


def grid_of(data: Data) -> Grid:
    """The grid of a release.

    Raises:
        NothingToExport: no counted vote has a prompt.
    """
    kept, left_out = usable(data, lambda one: bool(one.turns), "a prompt")
    kept = in_parts(kept, left_out)
    votes: defaultdict[str, list[Comparison]] = defaultdict(list)
    for one in kept:
        votes[one.prompts[0]].append(one)
    queries = (Query(n, text, own[0].split, tuple(own)) for n, (text, own) in enumerate(votes.items()))
    models = sorted({name for one in kept for name in (one.left, one.right)})
    return Grid(data, tuple(queries), tuple(models), left_out)


def best_of(cells: Sequence[Cell], scores: Sequence[float]) -> str | None:
    """The model with the highest score; None where several have it."""
    best = max(scores)
    found = [cell.model for cell, score in zip(cells, scores, strict=True) if score == best]
    return found[0] if len(found) == 1 else None


def scaled(values: Sequence[float | None]) -> list[float]:
    """From 0 for the least to 1 for the greatest; 0 for what is not known, and for all where all are equal."""
    known = [value for value in values if value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    width = high - low
    return [round((value - low) / width, 6) if value is not None and width else 0.0 for value in values]


def normalised(cells: Sequence[tuple[Query, list[Cell]]]) -> tuple[list[list[float]], list[list[float]]]:
    """Performance and cost of each query's cells, from 0 to 1 within their task and part."""
    places: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for n, (query, _own) in enumerate(cells):
        places[query.task, TWO_PARTS[query.part]].append(n)
    good: list[list[float]] = [[] for _ in cells]
    dear: list[list[float]] = [[] for _ in cells]
    for members in places.values():
        for result, name in ((good, "performance"), (dear, "cost_usd")):
            flat = iter(scaled([getattr(cell, name) for n in members for cell in cells[n][1]]))
            for n in members:
                result[n] = [next(flat) for _cell in cells[n][1]]
    return good, dear


#: For the cards of all formats that are made from it.
NOTES: Final = (
    (
        "Performance is that of the query's cluster in the release's `cells`, by Bradley-Terry with a prior: for "
        "training from votes of the training part alone, for the test from all votes. It is the same for all queries "
        "of a cluster. `imputed` marks models that nobody compared on the query."
    ),
    (
        "Tokens and cost (US dollars) are those of the answer to this prompt where the model answered it, else the "
        "means of the model's answers (`cost_imputed`)."
    ),
)
