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
from functools import reduce
from statistics import NormalDist
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from arena.rankings.intervals import difference_variances
from arena.rankings.tallies import Matrix

Ranks: TypeAlias = NDArray[np.int64]
Draws: TypeAlias = NDArray[np.float32]

#: With b draws, q has a standard error of about 1.1 / √b: about 1 % of it at the fewest.
MOST_DRAWS: Final = 4000
FEWEST_DRAWS: Final = 1000
#: Draws times contenders squared: what the draws of a large board may cost.
BUDGET: Final = 10_000_000
#: Numbers in memory at a time.
BLOCK: Final = 1 << 18
#: Of so many numbers at most a row's maximum is found faster column by column.
SHORT_ROW: Final = 32
#: Where q₂ is looked for first, as a share of what Bonferroni's inequality gives, and how fast the search goes down.
FIRST_GUESS: Final = 0.8
LOWER: Final = 0.7


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
    return int(np.clip(BUDGET // n**2, FEWEST_DRAWS, MOST_DRAWS))


def critical_values(covariance: Matrix, level: float, seed: int) -> Critical:
    """q and q₂; the same arguments give the same bits.

    Args:
        covariance: (n, n) of strengths that sum to zero, n ≥ 2.
        level: probability that all claims hold.
        seed: of the draws.
    """
    n = len(covariance)
    # Single precision: the draws themselves leave an error of a hundredth.
    normal = np.random.default_rng(seed).standard_normal((draws_for(n), n), dtype=np.float32)
    draws = normal @ _root(covariance).T.astype(np.float32)
    draws -= draws.mean(axis=1, keepdims=True)
    sizes = np.abs(draws) * (1.0 / np.sqrt(np.diagonal(covariance))).astype(np.float32)
    each = np.quantile(_highest(sizes), level, method="higher")
    return Critical(float(each), _pairs_quantile(draws, sizes, covariance, level))


def _pairs_quantile(draws: Draws, sizes: Draws, covariance: Matrix, level: float) -> float:
    """The quantile of the largest |x_i - x_j| / sd_ij of each draw (b, n), with sizes |x_i| / sd_i.

    Only the largest differences matter. By the Cauchy-Schwarz inequality, |x_i - x_j| / sd_ij above a floor asks for
    a size above floor / √(2 r_i) of i or of j, with r_i the largest (sd_i² + sd_j²) / sd_ij². So only the few
    contenders of that size are compared with all others; if too few differences turn up, with a lower floor.
    """
    n = len(covariance)
    variances = np.diagonal(covariance)
    deviations = difference_deviations(covariance)
    reach = np.sqrt(2 * ((variances[:, np.newaxis] + variances) / deviations**2).max(axis=1))
    scale = (1.0 / deviations).astype(np.float32)
    floor = -FIRST_GUESS * NormalDist().inv_cdf((1 - level) / (n * (n - 1)))
    while True:
        largest = _largest_above(draws, sizes > (floor / reach).astype(np.float32), scale)
        found = float(np.quantile(largest, level, method="higher"))
        # What lies below the floor may not have been looked at.
        if found > floor or not floor:
            return found
        floor = LOWER * floor if floor > 1 else 0.0


def _largest_above(draws: Draws, chosen: NDArray[np.bool_], scale: Draws) -> Draws:
    """(b,): for each of b draws (b, n), the largest |x_i - x_j| scale_ij with i one of the chosen (b, n)."""
    draw, contender = np.nonzero(chosen)
    largest = np.zeros(len(draws), dtype=np.float32)
    step = max(1, BLOCK // draws.shape[1])
    for at in range(0, len(draw), step):
        here, i = draw[at : at + step], contender[at : at + step]
        gaps = draws[here]
        gaps -= draws[here, i, np.newaxis]
        gaps *= scale[i]
        np.abs(gaps, out=gaps)
        np.maximum.at(largest, here, _highest(gaps))
    return largest


def _highest(rows: Draws) -> Draws:
    """(b,): the highest of each row (b, n), by columns where rows are short: numpy takes such maxima one by one."""
    return reduce(np.maximum, rows.T) if rows.shape[1] <= SHORT_ROW else rows.max(axis=1)


def _root(covariance: Matrix) -> Matrix:
    """(n, n): R with R Rᵀ the covariance, but for the constant vector, which centring takes out again."""
    pinned = covariance + np.trace(covariance) / len(covariance) ** 2
    try:
        return np.asarray(np.linalg.cholesky(pinned))
    except np.linalg.LinAlgError:
        # Few votes: some combination of strengths has no variance at all.
        sizes, directions = np.linalg.eigh(pinned)
        return np.asarray(directions * np.sqrt(np.maximum(sizes, 0.0)))


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
