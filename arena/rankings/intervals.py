r"""How sure the ratings are: robust ("sandwich") intervals from counts alone. Pure.

With s the score of one comparison of i and j (1, ½ or 0) and p = p_ij, its derivative of the log-likelihood is
(s - p)(e_i - e_j). The covariance of the strengths is estimated by

    Σ = H⁺ J H⁺,    H = Σ p (1 - p) (e_i - e_j)(e_i - e_j)ᵀ,    J = Σ (s - p)² (e_i - e_j)(e_i - e_j)ᵀ,

both sums over all comparisons. Comparisons of one pair differ in s alone, so the sums need only the counts of each
pair: A_ij decisive wins of i and T_ij ties give J's cell A_ij (1-p)² + A_ji p² + T_ij (½-p)². H⁺ is the pseudo-inverse
on the strengths that sum to zero, so an interval is about a contender against the average of the board: no contender
is the anchor with a zero width.

J counts what the votes did, not what the model says they do: half-win scores vary less than a coin, and the model's
own covariance H⁺ would be too wide (by 27 % with 35 % ties). Where the votes of a contender hardly vary at all (ties
only), there is nothing to estimate the variance from, and the model's is taken; a width of zero is never claimed.

Sources: Huber 1967 (Berkeley Symposium 5, 221-233); White 1982, doi:10.2307/1912526; for paired comparisons:
Chiang et al. 2024, arXiv:2403.04132.
"""

from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

from arena.rankings.blas import one_thread
from arena.rankings.bradley_terry import SCALE, Fit, probabilities
from arena.rankings.tallies import Matrix

LEVEL: Final = 0.95
#: Below this share of the model's variance the observed one is no estimate (more than 99 % ties).
DEGENERATE: Final = 0.01


@dataclass(frozen=True, eq=False)
class Intervals:
    """lower, upper: (n,) points around the ratings, at `level` for each contender by itself (not simultaneous)."""

    lower: Matrix
    upper: Matrix
    level: float


def intervals(fitted: Fit, decisive: Matrix, ties: Matrix, level: float = LEVEL) -> Intervals:
    """Intervals of a fit.

    Args:
        fitted: the fit of `decisive + ties / 2`.
        decisive: (n, n), decisive[i, j] = how often i beat j.
        ties: (n, n) symmetric, how often i and j ended even.
        level: the probability, over many boards, that a contender's interval holds its strength.
    """
    with one_thread():
        robust, model = covariances(fitted.strengths, decisive, ties)
    variance = np.diagonal(robust).copy()
    by_model = np.diagonal(model)
    degenerate = variance < DEGENERATE * by_model
    variance[degenerate] = by_model[degenerate]
    half_width = NormalDist().inv_cdf((1 + level) / 2) * SCALE * np.sqrt(variance)
    return Intervals(fitted.ratings - half_width, fitted.ratings + half_width, level)


def covariances(strengths: Matrix, decisive: Matrix, ties: Matrix) -> tuple[Matrix, Matrix]:
    """The robust and the model's covariance of the strengths: both (n, n), natural-log units, rows sum to zero."""
    p = probabilities(strengths)
    comparisons = decisive + decisive.T + ties
    inverse = _centred_inverse(_laplacian(comparisons * p * p.T))
    squares = decisive * p.T**2 + decisive.T * p**2 + ties * (0.5 - p) ** 2
    return inverse @ _laplacian(squares) @ inverse, inverse


def _laplacian(weights: Matrix) -> Matrix:
    """Σ_{i<j} w_ij (e_i - e_j)(e_i - e_j)ᵀ for symmetric weights."""
    return np.diag(weights.sum(axis=1)) - weights


def _centred_inverse(laplacian: Matrix) -> Matrix:
    """The pseudo-inverse of a connected graph's Laplacian, whose kernel is the constant vector."""
    n = len(laplacian)
    # The constant part may have any size; one like the rest keeps the matrix well-conditioned.
    size = max(float(np.trace(laplacian)) / n, np.finfo(float).tiny)
    return np.asarray(np.linalg.inv(laplacian + size / n) - 1.0 / (size * n))


def rank_ranges(lower: Matrix, upper: Matrix) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The ranks that the intervals leave possible, 1 being the best; two (n,) arrays (low, high).

    low = 1 + how many are surely better (their interval lies above); high = n - how many are surely worse. Intervals
    that touch overlap. Each interval holds by itself, so all ranges together hold less often than each of them.
    """
    better = (lower[np.newaxis, :] > upper[:, np.newaxis]).sum(axis=1)
    worse = (upper[np.newaxis, :] < lower[:, np.newaxis]).sum(axis=1)
    return 1 + better, len(lower) - worse
