"""Intervals by drawing voters with replacement: the votes of one voter stay together. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from arena.policies.routers import Numbers
from arena.policies.strengths import Array

ROUNDS: Final = 1000
LEVEL: Final = 0.95
DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval of 95 %."""

    value: float
    lower: float
    upper: float

    def as_dict(self) -> dict[str, float]:
        """Rounded, for reports."""
        return {name: round(getattr(self, name), DIGITS) for name in self.__slots__}

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.lower:.3f}, {self.upper:.3f}]"


def estimated(columns: Array, voter: Numbers, statistic: Callable[[Any], Any], seed: int) -> Estimate:
    """A figure that is a function of sums over votes, with percentiles of what drawn voters give.

    Args:
        columns: (votes, k) what is summed.
        voter: (votes,) who cast each.
        statistic: (…, k) sums → (…,) figures; NaN where it has no value.
        seed: of the draws.

    Returns:
        The figure of all votes; its bounds are NaN where no draw gives a value.
    """
    voters = int(voter.max()) + 1 if len(voter) else 0
    sums = np.zeros((voters, columns.shape[1]))
    np.add.at(sums, voter, columns)
    rng = np.random.default_rng(seed)
    # How often each voter was drawn, times what that voter adds.
    drawn = np.array(
        [np.bincount(rng.integers(voters, size=voters), minlength=voters) @ sums for _round in range(ROUNDS)]
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        figures, value = np.asarray(statistic(drawn)), float(statistic(sums.sum(axis=0)))
    figures = figures[np.isfinite(figures)]
    if not len(figures):
        return Estimate(value, float("nan"), float("nan"))
    lower, upper = np.quantile(figures, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(value, float(lower), float(upper))


def mean(sums: Any) -> Any:
    """The statistic of columns (value, 1)."""
    return sums[..., 0] / sums[..., 1]
