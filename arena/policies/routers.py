"""Trained routers: from the vector of a prompt to a strength of every member. Pure, numpy alone.

A strength is in natural-log units of Bradley-Terry: the member i is expected to be preferred to j with the probability
1 / (1 + exp(θ_j(x) - θ_i(x))). Whoever trains them is `data_releases.routers`; here is what answers.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from arena.policies.embedding import Vectors
from arena.policies.strengths import PRIOR_CLUSTER, Array, against_all, fitted

Numbers: TypeAlias = NDArray[np.int64]
SCORE_DIGITS: Final = 4
#: Their tables of wins lie in memory together.
_PROMPTS_AT_ONCE: Final = 1_000


class Router(Protocol):
    """What every kind of router can do."""

    def strengths(self, vectors: Vectors) -> Array:
        """(prompts, members) from (prompts, dimensions)."""
        ...


@dataclass(frozen=True, slots=True)
class ClusterRouter:
    """The strengths of the nearest centre. centres: (k, dimensions) float32; table: (k, members)."""

    centres: Vectors
    table: Array

    def strengths(self, vectors: Vectors) -> Array:
        """See `Router`."""
        return np.asarray(self.table[nearest(self.centres, vectors)])


def nearest(centres: Vectors, vectors: Vectors) -> Numbers:
    """(prompts,) the number of the nearest centre, by the Euclidean distance; the first of equally near ones."""
    # |x|² is the same for all centres.
    gaps = (centres.astype(np.float64) ** 2).sum(axis=1) - 2.0 * (vectors.astype(np.float64) @ centres.T)
    return np.asarray(gaps.argmin(axis=1))


@dataclass(frozen=True, slots=True)
class KnnRouter:
    """Bradley-Terry of the votes on the most similar prompts, each weighing its cosine similarity.

    vectors: (votes, dimensions) float32; left, right: (votes,) members; score: (votes,) of the left one, 1, 0.5 or 0;
    overall: (members,) the strengths by all votes, the centre of the prior.
    """

    vectors: Vectors
    left: Numbers
    right: Numbers
    score: Array
    overall: Array
    neighbours: int

    def strengths(self, vectors: Vectors) -> Array:
        """See `Router`."""
        found = np.empty((len(vectors), len(self.overall)))
        for start in range(0, len(vectors), _PROMPTS_AT_ONCE):
            some = vectors[start : start + _PROMPTS_AT_ONCE]
            wins = np.array([self._wins(vector) for vector in some])
            found[start : start + len(some)] = fitted(wins, self.overall, PRIOR_CLUSTER)
        return found

    def _wins(self, vector: NDArray[np.float32]) -> Array:
        """(members, members), see `fitted`."""
        similar = self.vectors @ vector
        chosen = np.argsort(-similar, kind="stable")[: self.neighbours]
        weight = np.maximum(similar[chosen], 0.0).astype(np.float64)
        wins = np.zeros((len(self.overall),) * 2)
        np.add.at(wins, (self.left[chosen], self.right[chosen]), weight * self.score[chosen])
        np.add.at(wins, (self.right[chosen], self.left[chosen]), weight * (1.0 - self.score[chosen]))
        return wins


@dataclass(frozen=True, slots=True)
class FactorRouter:
    """θ_m(x) = b_m + u_m · P x: a member's bias and factors, and how prompts are projected onto the factors.

    projection: (rank, dimensions); factors: (members, rank); bias: (members,).
    """

    projection: Array
    factors: Array
    bias: Array

    def strengths(self, vectors: Vectors) -> Array:
        """See `Router`."""
        return np.asarray(self.bias + (vectors @ self.projection.T) @ self.factors.T)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which member answers. `scores`: member → probability of being preferred to another one that could be had."""

    member: str
    scores: dict[str, float]


def choose(router: Router, members: Sequence[str], vector: NDArray[np.float32], available: Collection[str]) -> Choice:
    """The strongest of those that can be had; of equally strong ones the first member.

    Args:
        router: trained on `members`, in this order.
        members: all names.
        vector: (dimensions,) of the prompt.
        available: those that can answer now; at least one is a member.
    """
    numbers = [n for n, name in enumerate(members) if name in available]
    strengths = router.strengths(vector[np.newaxis, :])[0][numbers]
    chances = against_all(strengths) if len(numbers) > 1 else np.ones(1)
    scores = {members[n]: round(float(chance), SCORE_DIGITS) for n, chance in zip(numbers, chances, strict=True)}
    return Choice(members[numbers[int(strengths.argmax())]], scores)
