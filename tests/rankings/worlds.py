"""Worlds of known truth, to count how often what we claim about them holds."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arena.rankings.bradley_terry import fit
from arena.rankings.intervals import covariance, limits
from arena.rankings.simultaneous import critical_values, overlap_ranks, rank_sets, surely_better
from arena.rankings.tallies import Counts, Matrix, Votes


def davidson(strengths: Matrix, nu: float) -> tuple[Matrix, Matrix]:
    """(n, n) probabilities of a win of i over j, and of a tie; doi:10.1080/01621459.1970.10481082."""
    d = strengths[:, None] - strengths[None, :]
    total = np.exp(d / 2) + np.exp(-d / 2) + nu
    return np.exp(d / 2) / total, nu / total


@dataclass(frozen=True)
class World:
    """met: (n, n), upper triangle: how often pairs meet, on average or exactly. strengths: (n,). nu: of ties."""

    met: Matrix
    strengths: Matrix
    nu: float = 1.0

    @property
    def truth(self) -> Matrix:
        """(n,) ratings that infinitely many such votes would give under half wins."""
        win, tie = davidson(self.strengths, self.nu)
        met = np.triu(self.met, 1)
        return fit(Counts.of((met + met.T) * (win + tie / 2))).ratings

    def counts(self, rng: np.random.Generator) -> Counts:
        """One board."""
        win, tie = davidson(self.strengths, self.nu)
        first, second = np.nonzero(np.triu(self.met, 1))
        chances = np.stack([win[first, second], win[second, first], tie[first, second]], axis=1)
        drawn = rng.multinomial(self.met[first, second].astype(int), chances)
        cells = np.zeros((4, *self.met.shape))
        for code in range(3):
            cells[code, first, second] = drawn[:, code]
        return Counts(cells)


def even(n: int, votes: int) -> Matrix:
    """(n, n): every pair meets equally often."""
    return np.triu(np.full((n, n), round(2 * votes / (n * (n - 1)))), 1).astype(float)


@dataclass(frozen=True)
class Coverage:
    """each: (n,) share of boards whose interval holds; the others: shares of boards where all hold at once.

    overlaps: ranks by the customary rule, the overlap of single intervals.
    """

    each: NDArray[Any]
    all_intervals: float
    all_ranks: float
    overlaps: float


def coverage(world: World, boards: int, seed: int) -> Coverage:
    """Draw boards and look."""
    rng, truth = np.random.default_rng(seed), world.truth
    best, worst = true_ranks(world.strengths)
    held, together, ranked, overlapped = np.zeros(len(truth)), 0, 0, 0
    for board in range(boards):
        counts = world.counts(rng)
        fitted = fit(counts)
        spread = covariance(fitted, counts)
        own = limits(fitted, spread)
        held += (own.lower <= truth) & (truth <= own.upper)
        critical = critical_values(spread, 0.95, seed=board)
        half = critical.each * (own.upper - own.lower) / 2 / 1.959964
        together += bool((np.abs(fitted.ratings - truth) <= half).all())
        ranks = rank_sets(surely_better(fitted.strengths, spread, critical.pairs))
        ranked += bool((ranks.low <= best).all() and (ranks.high >= worst).all())
        customary = overlap_ranks(own.lower, own.upper)
        overlapped += bool((customary.low <= best).all() and (customary.high >= worst).all())
    return Coverage(held / boards, together / boards, ranked / boards, overlapped / boards)


def true_ranks(strengths: Matrix) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The best and the worst rank of each: equals share all the ranks that their tie allows."""
    better = (strengths[None, :] > strengths[:, None] + 1e-9).sum(axis=1)
    worse = (strengths[None, :] < strengths[:, None] - 1e-9).sum(axis=1)
    return 1 + better, len(strengths) - worse


def clustered_votes(
    world: World, voters: int, taste: float, rng: np.random.Generator, most: int = 200
) -> Iterator[Votes]:
    """Boards of voters who differ: each has strengths of their own, `taste` apart, and casts up to `most` votes."""
    n = len(world.strengths)
    while True:
        cast = np.minimum(np.ceil(rng.pareto(1.0, voters) * 4 + 1), most).astype(int)
        voter = np.repeat(np.arange(voters), cast)
        own = world.strengths + taste * rng.normal(size=(voters, n))
        left = rng.integers(0, n, len(voter))
        right = (left + rng.integers(1, n, len(voter))) % n
        d = own[voter, left] - own[voter, right]
        total = np.exp(d / 2) + np.exp(-d / 2) + world.nu
        u = rng.random(len(voter)) * total
        outcome = np.where(u < world.nu, 2, np.where(u < world.nu + np.exp(d / 2), 0, 1))
        yield Votes(left, right, outcome, voter=voter)
