"""Votes for the ranking benchmarks: uneven popularity, pairs that never meet, a third of ties."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

TIES: Final = 0.35
WORDS: Final = np.array(["model_a", "model_b", "tie"])


@dataclass(frozen=True, slots=True)
class Sample:
    """left, right: (N,) int16 codes. outcome: (N,) uint8, 0 left, 1 right, 2 tie. covariates: (N, K) float32."""

    names: NDArray[Any]
    left: NDArray[np.int16]
    right: NDArray[np.int16]
    outcome: NDArray[np.uint8]
    covariates: NDArray[np.float32]


def sample(systems: int, votes: int, seed: int, covariates: int = 0) -> Sample:
    """Votes between systems whose popularity is log-normal; 30 % of pairs never meet; Davidson's ties."""
    rng = np.random.default_rng(seed)
    strengths = rng.normal(0, 0.8, systems)
    popularity = rng.lognormal(0, 0.7, systems)
    chance = np.triu(np.outer(popularity, popularity) * (rng.random((systems, systems)) > 0.3), 1)
    chance[np.arange(systems - 1), np.arange(1, systems)] += chance.mean()
    pair = rng.choice(systems * systems, votes, p=(chance / chance.sum()).ravel())
    first, second = np.divmod(pair, systems)
    swap = rng.random(votes) < 0.5
    left, right = np.where(swap, second, first), np.where(swap, first, second)
    x = rng.normal(0, 1, (votes, covariates)).astype(np.float32)
    d = strengths[left] - strengths[right] + x @ np.linspace(-0.25, 0.25, covariates)
    even = 2 * TIES / (1 - TIES)
    total = np.exp(d / 2) + np.exp(-d / 2) + even
    u = rng.random(votes) * total
    outcome = np.where(u < even, 2, np.where(u < even + np.exp(d / 2), 0, 1))
    names = np.array([f"organisation/model-{i:03d}-instruct" for i in range(systems)])
    return Sample(names, left.astype(np.int16), right.astype(np.int16), outcome.astype(np.uint8), x)
