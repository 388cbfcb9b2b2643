"""Intervals by drawing voters with replacement: the votes of one voter stay together. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np

from arena.policies.routers import Numbers
from arena.policies.strengths import Array

ROUNDS: Final = 1000
LEVEL: Final = 0.95
DIGITS: Final = 4
#: Few enough for little memory, and enough that a round takes no call of its own.
_DRAWS_AT_ONCE: Final = 2**18

Statistic: TypeAlias = Callable[[Any], Any]


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


def estimated(columns: Array, voter: Numbers, statistic: Statistic, seed: int) -> Estimate:
    """A figure that is a function of sums over votes, with percentiles of what drawn voters give.

    Args:
        columns: (votes, k) what is summed.
        voter: (votes,) who cast each.
        statistic: (…, k) sums → (…,) figures; NaN where it has no value.
        seed: of the draws.

    Returns:
        The figure of all votes; its bounds are NaN where no draw gives a value.
    """
    return all_estimated([(columns, statistic)], voter, seed)[0]


def all_estimated(figures: Sequence[tuple[Array, Statistic]], voter: Numbers, seed: int) -> list[Estimate]:
    """Several figures as (columns, statistic), see `estimated`, of the same drawn voters, who are drawn once."""
    voters = int(voter.max()) + 1 if len(voter) else 0
    sums = np.zeros((voters, sum(columns.shape[1] for columns, _statistic in figures)))
    np.add.at(sums, voter, np.concatenate([columns for columns, _statistic in figures], axis=1))
    drawn, whole = _drawn(sums, np.random.default_rng(seed)), sums.sum(axis=0)
    ends = np.cumsum([columns.shape[1] for columns, _statistic in figures])[:-1]
    parts = zip(figures, np.split(drawn, ends, axis=1), np.split(whole, ends), strict=True)
    return [_estimate(statistic, some, all_of) for (_columns, statistic), some, all_of in parts]


def _drawn(sums: Array, rng: np.random.Generator) -> Array:
    """(ROUNDS, k) the sums of as many voters as there are, drawn with replacement, from what each adds."""
    voters = len(sums)
    at_once = max(1, _DRAWS_AT_ONCE // max(1, voters))
    found = []
    for start in range(0, ROUNDS, at_once):
        rounds = min(at_once, ROUNDS - start)
        who = rng.integers(voters, size=(rounds, voters)) + voters * np.arange(rounds)[:, np.newaxis]
        # How often each voter was drawn, times what that voter adds.
        found.append(np.bincount(who.ravel(), minlength=rounds * voters).reshape(rounds, voters) @ sums)
    return np.concatenate(found)


def _estimate(statistic: Statistic, drawn: Array, whole: Array) -> Estimate:
    with np.errstate(invalid="ignore", divide="ignore"):
        figures, value = np.asarray(statistic(drawn)), float(statistic(whole))
    figures = figures[np.isfinite(figures)]
    if not len(figures):
        return Estimate(value, float("nan"), float("nan"))
    lower, upper = np.quantile(figures, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(value, float(lower), float(upper))


def mean(sums: Any) -> Any:
    """The statistic of columns (value, 1)."""
    return sums[..., 0] / sums[..., 1]
