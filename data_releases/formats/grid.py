"""Queries and a dense grid of models, for readers that want a number for every pair of them. Pure.

A vote compares two models on a prompt and says nothing of the others. What the grid adds is marked: `imputed` where
nobody compared the model on the query, `cost_imputed` where it did not answer there, so that the cost is the mean of
its answers. Performance is the opponent-adjusted score of the query's cluster from the table `cells`: of part `train`
for queries to train on, of all votes for the test, since what is trained on must not have seen what it is tested on.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_releases.columns import each_distinct
from data_releases.formats.base import Data, in_parts, usable
from data_releases.formats.comparisons import SIDES, SPENT, Comparison, Comparisons, Places

#: Most readers know two parts.
TWO_PARTS: Final = {"train": "train", "validation": "train", "test": "test"}
_CELLS: Final = {"train": "train", "validation": "train", "test": "all"}


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
class Outline:
    """What is kept of all queries, (queries,) each: task and part of the first vote, and how many votes there are."""

    tasks: Sequence[str]
    parts: Sequence[str]
    votes: Places

    def __len__(self) -> int:
        return len(self.votes)


@dataclass(frozen=True)
class Grid:
    """The queries of a release; a few are in memory at once. models: sorted names. left_out: reason → votes.

    numbers: (votes,) the query of each vote.
    """

    data: Data
    votes: Comparisons
    numbers: Places
    models: tuple[str, ...]
    left_out: Mapping[str, int]

    @cached_property
    def outline(self) -> Outline:
        """Of all queries."""
        firsts = pa.array(np.unique(self.numbers, return_index=True)[1])
        tasks, parts = (self.votes.column(name).take(firsts).to_pylist() for name in ("cluster", "split"))
        return Outline(tasks, parts, np.bincount(self.numbers))

    def queries(self, numbers: Places | None = None) -> Iterator[Query]:
        """All queries, or those with these numbers in their order."""
        wanted = np.arange(len(self.outline)) if numbers is None else numbers
        rank = np.full(len(self.outline), -1)
        rank[wanted] = np.arange(len(wanted))
        ranks = rank[self.numbers]
        order = np.argsort(ranks, kind="stable")[int((ranks < 0).sum()) :]
        for number, own in groupby(zip(self.numbers[order], self.votes.at(order), strict=True), lambda pair: pair[0]):
            votes = tuple(vote for _number, vote in own)
            yield Query(int(number), votes[0].prompts[0], votes[0].split, votes)

    def numbers_of(self, part: str) -> Places:
        """The numbers of the queries of one of two parts: validation belongs to training."""
        return np.flatnonzero([TWO_PARTS[one] == part for one in self.outline.parts])

    def in_part(self, part: str) -> Iterator[Query]:
        """Queries of one of two parts, see `numbers_of`."""
        return self.queries(self.numbers_of(part))

    def with_cells(self, numbers: Places) -> Iterator[tuple[Query, list[Cell]]]:
        """Queries with every model on them."""
        return ((query, self.cells(query)) for query in self.queries(numbers))

    def cells(self, query: Query) -> list[Cell]:
        """Every model on the query, in the order of `models`."""
        own, every = (self.data.cells.get((which, query.task), {}) for which in (_CELLS[query.part], "all"))
        # A query for validation may be of a cluster that no training vote is in.
        return [self._cell(query, model, own.get(model) or every[model]) for model in self.models]

    def _cell(self, query: Query, model: str, scored: Mapping[str, Any]) -> Cell:
        answer = query.answer(model)
        spent = answer[0].spent[answer[1]] if answer else None
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
    def _means(self) -> dict[str, dict[str, float | None]]:
        """Model → the means over its first answers, of what is known of them."""
        rows = self.data.tables["responses"].select(["turn", "system_id", "status", *SPENT])
        rows = rows.filter(pc.and_(pc.equal(rows["status"], "complete"), pc.equal(rows["turn"], 1)))
        named = rows.append_column("model", each_distinct(rows["system_id"], self.data.models.get, pa.string()))
        means = named.group_by("model").aggregate([(name, "mean") for name in SPENT]).to_pylist()
        known = {row["model"]: {name: _rounded(row[f"{name}_mean"]) for name in SPENT} for row in means}
        return {model: known.get(model, dict.fromkeys(SPENT)) for model in self.models}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 9)


def grid_of(data: Data) -> Grid:
    """The grid of a release. Queries are numbered in the order of their first votes.

    Raises:
        NothingToExport: no counted vote has a prompt.
    """
    kept, left_out = usable(data, data.comparisons.prompted(), "a prompt")
    kept = in_parts(kept, left_out)
    numbers = pc.dictionary_encode(kept.column("prompt_id")).indices.to_numpy().astype(np.int64)
    return Grid(data, kept, numbers, tuple(models_of(kept)), left_out)


def models_of(comparisons: Comparisons) -> list[str]:
    """The names of all models that were compared, sorted."""
    return sorted({name for side in SIDES for name in comparisons.column(side).unique().to_pylist()})


def best_of(cells: Sequence[Cell], scores: Sequence[float]) -> str | None:
    """The model with the highest score; None where several have it."""
    best = max(scores)
    found = [cell.model for cell, score in zip(cells, scores, strict=True) if score == best]
    return found[0] if len(found) == 1 else None


@dataclass(frozen=True, slots=True)
class Range:
    """From 0 for the least to 1 for the greatest; 0 for what is not known, and for all where all are equal."""

    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float | None], before: "Range | None" = None) -> "Range | None":
        """The range of values, and of an earlier range; None where nothing is known."""
        known = [value for value in values if value is not None]
        known += [before.low, before.high] if before else []
        return cls(min(known), max(known)) if known else None

    def scaled(self, value: float | None) -> float:
        """A value in it, from 0 to 1."""
        width = self.high - self.low
        return round((value - self.low) / width, 6) if value is not None and width else 0.0


class Scales:
    """Performance and cost of cells from 0 to 1 within their task and part."""

    def __init__(self, cells: Iterable[tuple[Query, Sequence[Cell]]]) -> None:
        self._ranges: dict[tuple[str, str, str], Range | None] = {}
        for query, own in cells:
            for name in ("performance", "cost_usd"):
                key = (query.task, TWO_PARTS[query.part], name)
                self._ranges[key] = Range.of((getattr(cell, name) for cell in own), self._ranges.get(key))

    def performance(self, query: Query, cells: Sequence[Cell]) -> list[float]:
        """Of a query's cells."""
        return self._scaled(query, "performance", cells)

    def cost(self, query: Query, cells: Sequence[Cell]) -> list[float]:
        """Of a query's cells."""
        return self._scaled(query, "cost_usd", cells)

    def _scaled(self, query: Query, name: str, cells: Sequence[Cell]) -> list[float]:
        found = self._ranges[query.task, TWO_PARTS[query.part], name] or Range(0.0, 0.0)
        return [found.scaled(getattr(cell, name)) for cell in cells]


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
