r"""Claims about a whole board that hold all at once: intervals, rank sets and tiers. Pure.

A board of n contenders makes many claims, and intervals that each hold in 95 of 100 cases all hold together far less
often. With Σ the covariance of the strengths, let x ~ N(0, Σ) and

    q  = the 95 % point of max_i |x_i| / sd_i               all intervals rating ± q sd_i hold together
    q₂ = the 95 % point of max_{i<j} |x_i - x_j| / sd_ij    all differences are on their claimed side together

both from seeded draws. i is surely better than j if (θ_i - θ_j) / sd_ij > q₂; the rank of i is then at least
1 + (how many are surely better) and at most n - (how many are surely worse), for all contenders at once.

Sources: the max-t method: Hothorn, Bretz & Westfall 2008, doi:10.1002/bimj.200810425; confidence sets for ranks:
Mogstad, Romano, Shaikh & Wilhelm 2024, doi:10.1093/restud/rdad006.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from arena.rankings.intervals import difference_variances
from arena.rankings.tallies import Matrix

Ranks: TypeAlias = NDArray[np.int64]

#: With b draws, q has a standard error of about 1.1 / √b: about 1 % of it at the fewest.
MOST_DRAWS: Final = 4000
FEWEST_DRAWS: Final = 1000
#: Draws times pairs: what a large board may cost.
BUDGET: Final = 5_000_000
#: Draws taken at a time, so that they stay in the cache.
BLOCK: Final = 1024


@dataclass(frozen=True, slots=True)
class Critical:
    """q and q₂ of the module, in standard errors."""

    each: float
    pairs: float


@dataclass(frozen=True, eq=False)
class RankSets:
    """low, high: (n,) ranks that remain possible, 1 being the best."""

    low: Ranks
    high: Ranks


def draws_for(n: int) -> int:
    """How many draws a board of n contenders gets."""
    return int(np.clip(BUDGET // max(n * (n - 1) // 2, 1), FEWEST_DRAWS, MOST_DRAWS))


def critical_values(covariance: Matrix, level: float, seed: int) -> Critical:
    """q and q₂; the same arguments give the same bits.

    Args:
        covariance: (n, n) of strengths that sum to zero, n ≥ 2.
        level: probability that all claims hold.
        seed: of the draws.
    """
    n = len(covariance)
    number = draws_for(n)
    deviations = np.sqrt(np.diagonal(covariance))
    scale = 1.0 / difference_deviations(covariance)
    draws = (_root(covariance) @ np.random.default_rng(seed).standard_normal((n, number))).astype(np.float32)
    draws -= draws.mean(axis=0)
    each = (np.abs(draws) / deviations[:, np.newaxis].astype(np.float32)).max(axis=0)
    pairs = np.concatenate(
        [_largest_difference(draws[:, at : at + BLOCK], scale.astype(np.float32)) for at in range(0, number, BLOCK)]
    )
    return Critical(*(float(np.quantile(found, level, method="higher")) for found in (each, pairs)))


def _root(covariance: Matrix) -> Matrix:
    """(n, n): R with R Rᵀ the covariance, but for the constant vector, which centring takes out again."""
    pinned = covariance + np.trace(covariance) / len(covariance) ** 2
    try:
        return np.asarray(np.linalg.cholesky(pinned))
    except np.linalg.LinAlgError:
        # Few votes: some combination of strengths has no variance at all.
        sizes, directions = np.linalg.eigh(pinned)
        return np.asarray(directions * np.sqrt(np.maximum(sizes, 0.0)))


def _largest_difference(draws: NDArray[np.float32], scale: NDArray[np.float32]) -> NDArray[np.float32]:
    """(b,): for each of b draws (n, b), the largest |x_i - x_j| scale_ij."""
    draws = np.ascontiguousarray(draws)
    largest = np.zeros(draws.shape[1], dtype=np.float32)
    room = np.empty_like(draws)
    for i in range(len(draws) - 1):
        gaps = room[i + 1 :]
        np.subtract(draws[i + 1 :], draws[i], out=gaps)
        gaps *= scale[i + 1 :, i, np.newaxis]
        np.abs(gaps, out=gaps)
        np.maximum(largest, gaps.max(axis=0), out=largest)
    return largest


def difference_deviations(covariance: Matrix) -> Matrix:
    """(n, n): the standard error of θ_i - θ_j; infinite on the diagonal, where nothing is claimed."""
    squares = difference_variances(covariance)
    np.fill_diagonal(squares, np.inf)
    return np.sqrt(np.maximum(squares, np.finfo(float).tiny))


def surely_better(strengths: Matrix, covariance: Matrix, critical: float) -> NDArray[np.bool_]:
    """(n, n): whether i is better than j by more than `critical` standard errors of the difference."""
    gaps = strengths[:, np.newaxis] - strengths[np.newaxis, :]
    return np.asarray(gaps > critical * difference_deviations(covariance))


def rank_sets(better: NDArray[np.bool_]) -> RankSets:
    """The ranks that `surely_better` leaves possible."""
    return RankSets(1 + better.sum(axis=0), len(better) - better.sum(axis=1))


def overlap_ranks(lower: Matrix, upper: Matrix) -> RankSets:
    """The ranks that intervals, each by itself, leave possible: the customary rule, without a common guarantee."""
    return rank_sets(lower[:, np.newaxis] > upper[np.newaxis, :])


def tiers(strengths: Matrix, better: NDArray[np.bool_]) -> Ranks:
    """(n,): tier 1 holds the best and all that follow until the first who is surely worse than the tier's leader."""
    tier = np.zeros(len(strengths), dtype=np.int64)
    number, leader = 0, -1
    for i in np.argsort(-strengths, kind="stable"):
        if leader < 0 or better[leader, i]:
            number, leader = number + 1, i
        tier[i] = number
    return tier
