"""What a router's choices are worth: by the truth of the simulator, and by held-out votes as the project estimates."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

import numpy as np

from arena.policies.strengths import PRIOR_ALL, fitted
from data_releases.formats.base import Data
from data_releases.formats.grid import grid_of
from data_releases.routers.bootstrap import Estimate
from data_releases.routers.curves import apgr
from data_releases.routers.training import overall, win_matrix
from data_releases.routers.values import terms_at_random, value_of
from data_releases.routers.votes import routing_data

#: Query → model.
Choices = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Worth:
    """Chance of being preferred to another system drawn at random: as the simulator knows it, and by votes."""

    true: float
    doubly_robust: Estimate
    self_normalised: Estimate
    matched: int

    def __str__(self) -> str:
        return f"{self.true:.3f}   {self.doubly_robust}   {self.self_normalised}   {self.matched:4}"


class HeldOut:
    """The queries and votes of the test."""

    def __init__(self, data: Data, truth: Mapping[str, Mapping[str, float]]) -> None:
        grid = grid_of(data)
        self.models = grid.models
        self.texts = [query.text for query in grid.in_part("test")]
        self.truth = {text: truth[text] for text in self.texts}
        self._data, self._routing = data, routing_data(data.tables)
        contenders = {row["contender"]: data.models[row["system_id"]] for row in data.tables["systems"].to_pylist()}
        self._members = [contenders[name] for name in self._routing.members]
        votes = self._routing.parts["test"]
        text_of = {
            row.tobytes(): text
            for row, text in zip(chain.from_iterable(data.vectors(self.texts)), self.texts, strict=True)
        }
        self._asked = [text_of[row.tobytes()] for row in votes.vectors]
        self._strengths = overall(self._routing.parts["train"], len(self._members))

    def strengths(self) -> dict[str, float]:
        """Model → its strength by all counted votes with texts, ties as half."""
        parts = self._routing.parts.values()
        wins = sum(win_matrix(votes, len(self._members)) for votes in parts)
        return dict(zip(self._members, fitted(wins, np.zeros(len(wins)), PRIOR_ALL).tolist(), strict=True))

    def true_worth(self, choices: Choices) -> float:
        """By the truth alone."""
        return float(np.mean([self.truth[text][choices[text]] for text in self.texts]))

    def worth(self, choices: Choices) -> Worth:
        """By the truth and by votes."""
        votes = self._routing.parts["test"]
        picked = np.array([self._members.index(choices[text]) for text in self._asked])
        strengths = np.tile(self._strengths, (len(votes), 1))
        value = value_of(terms_at_random(picked, votes, strengths), votes, seed=1)
        return Worth(self.true_worth(choices), value.doubly_robust, value.self_normalised, value.matched)

    @property
    def best_single(self) -> str:
        """The strongest by all training votes together."""
        return self._members[int(self._strengths.argmax())]

    def baselines(self) -> dict[str, Choices]:
        """Name → choices: random, the best single system, and who knows the truth."""
        rng = random.Random(1)
        return {
            "random": {text: rng.choice(self.models) for text in self.texts},
            "best single system": dict.fromkeys(self.texts, self.best_single),
            "oracle": {text: max(self.models, key=values.__getitem__) for text, values in self.truth.items()},
        }

    def partner(self) -> tuple[str, float]:
        """Who would help the best single system most, by the training cells, and for which share of prompts not."""
        grid, strong = grid_of(self._data), self.models.index(self.best_single)
        rows = [cells for _query, cells in grid.with_cells(grid.numbers_of("train"))]
        scores = np.array([[cell.performance for cell in row] for row in rows])
        gains = np.maximum(scores - scores[:, [strong]], 0.0).mean(axis=0)
        weak = int(gains.argmax())
        return self.models[weak], float((scores[:, strong] >= scores[:, weak]).mean())

    def routed(self, rates: Mapping[str, float], weak: str, share: float) -> Choices:
        """By a threshold on the strong system's win rates that sends it this share of the queries."""
        threshold = np.quantile(list(rates.values()), 1 - share)
        return {text: self.best_single if rate >= threshold else weak for text, rate in rates.items()}

    def recovered(self, rates: Mapping[str, float], weak: str) -> float:
        """RouteLLM's APGR by the truth."""
        ordered = sorted(rates, key=lambda text: -rates[text])
        gained = [self.truth[text][self.best_single] - self.truth[text][weak] for text in ordered]
        start = self.true_worth(dict.fromkeys(self.texts, weak))
        quality = start + np.concatenate([[0.0], np.cumsum(gained)]) / len(ordered)
        return float(apgr(np.linspace(0.0, 1.0, len(quality)), quality))
