"""How well each system does on each kind of prompt, also where nobody compared it there. Pure.

A vote says which of two was better; a router wants a number per prompt and system. For every cluster of prompts
(language and first category) strengths are fitted by Bradley-Terry with a normal prior around the strengths of all
votes together, so that few votes move a cluster little:

    maximise  Σ W_ij log p_ij  -  Σ_i (θ_i - μ_i)² / (2 σ²),    p_ij = 1 / (1 + exp(θ_j - θ_i)).

A cell's performance is the probability of being preferred to another system of the release drawn at random, which does
not depend on whom the system happened to meet. A cell without a vote of its own is imputed, and says so.

Source of the model: Bradley and Terry 1952, doi:10.2307/2334029.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

#: Standard deviations of strengths in natural-log units: of all systems around 0, of a cluster around all votes.
PRIOR_ALL: Final = 1.5
PRIOR_CLUSTER: Final = 0.5
_ROUNDS: Final = 100
_TOLERANCE: Final = 1e-10
#: (left, right) of an outcome, as shares of a win.
_SCORES: Final = {"left": (1.0, 0.0), "right": (0.0, 1.0), "tie": (0.5, 0.5), "both_bad": (0.5, 0.5)}

Array = NDArray[np.float64]


class Compared(Protocol):
    """One comparison, as far as cells need it."""

    @property
    def left(self) -> str:
        """The left system."""
        ...

    @property
    def right(self) -> str:
        """The right system."""
        ...

    @property
    def outcome(self) -> str:
        """left, right, tie or both_bad."""
        ...

    @property
    def language(self) -> str:
        """Of the prompt."""
        ...

    @property
    def categories(self) -> tuple[str, ...]:
        """Of the prompt."""
        ...


@dataclass(frozen=True, slots=True)
class Cell:
    """performance: 0 to 1, adjusted for opponents. votes: own votes in the cluster; none: imputed from all votes."""

    performance: float
    votes: int


def cluster_of(one: Compared) -> str:
    """The cluster of a comparison's prompt."""
    return f"{one.language}/{one.categories[0] if one.categories else 'general'}"


def cells_of(comparisons: Iterable[Compared], systems: Sequence[str]) -> dict[str, dict[str, Cell]]:
    """Cluster → system → its cell, for every system in every cluster that occurs."""
    number = {name: n for n, name in enumerate(systems)}
    by_cluster: dict[str, list[Compared]] = {}
    for one in comparisons:
        by_cluster.setdefault(cluster_of(one), []).append(one)
    wins = {cluster: _wins(own, number) for cluster, own in sorted(by_cluster.items())}
    overall = fitted(sum(wins.values(), start=np.zeros((len(systems),) * 2)), np.zeros(len(systems)), PRIOR_ALL)
    return {
        cluster: _cells(fitted(matrix, overall, PRIOR_CLUSTER), matrix, systems) for cluster, matrix in wins.items()
    }


def _wins(comparisons: Iterable[Compared], number: Mapping[str, int]) -> Array:
    matrix = np.zeros((len(number),) * 2)
    for one in comparisons:
        i, j = number[one.left], number[one.right]
        matrix[i, j] += _SCORES[one.outcome][0]
        matrix[j, i] += _SCORES[one.outcome][1]
    return matrix


def _cells(strengths: Array, wins: Array, systems: Sequence[str]) -> dict[str, Cell]:
    chances = _probabilities(strengths)
    np.fill_diagonal(chances, 0.0)
    against_all = chances.sum(axis=1) / max(len(systems) - 1, 1)
    votes = (wins + wins.T).sum(axis=1)
    return {name: Cell(float(against_all[n]), round(votes[n])) for n, name in enumerate(systems)}


def _probabilities(strengths: Array) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(strengths[np.newaxis, :] - strengths[:, np.newaxis])))


def fitted(wins: Array, means: Array, deviation: float) -> Array:
    """The strengths of highest posterior density, by Newton's method; the prior makes the maximum unique.

    Args:
        wins: (n, n), wins[i, j] = how often i was preferred to j, ties as half.
        means: (n,), the centres of the prior.
        deviation: its standard deviation.
    """
    strengths, met = means.copy(), wins + wins.T
    for _round in range(_ROUNDS):
        p = _probabilities(strengths)
        slope = (wins - met * p).sum(axis=1) - (strengths - means) / deviation**2
        weights = met * p * p.T
        curve = np.diag(weights.sum(axis=1) + 1 / deviation**2) - weights
        step = np.linalg.solve(curve, slope)
        strengths = strengths + step
        if np.abs(step).max(initial=0.0) < _TOLERANCE:
            break
    return strengths
