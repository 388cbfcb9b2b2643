r"""Ratings from the few votes of one voter, drawn towards those of everybody (maximum a posteriori). Pure.

With everybody's strengths μ as the prior mean, the voter's own θ maximise

    Σ_ij w_ij log σ(θ_i - θ_j) - Σ_i (θ_i - μ_i)² / (2 τ²)

where w_ij is how often i beat j, ties as half wins. τ says how far one voter's taste may be from everybody's. It
comes from the votes themselves (empirical Bayes): of a fixed list, the one with the largest marginal likelihood, by
Laplace's approximation log p ≈ f(θ) - ½ log|H| - n log τ, with a log-normal prior on τ around 100 points, so that
three surprising votes do not look like another taste. The intervals are those of the same normal approximation.

Sources: Caron & Doucet 2012, doi:10.1080/10618600.2012.638220 (Bayesian Bradley-Terry); Efron & Morris 1975,
doi:10.1080/01621459.1975.10479864 (empirical Bayes).
"""

from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
import scipy

from arena.rankings.blas import one_thread
from arena.rankings.bradley_terry import NotConverged
from arena.rankings.tallies import Matrix
from arena.rankings.terms import SCALE

#: Candidates for τ, in points.
SPREADS: Final = (12.5, 25.0, 50.0, 100.0, 200.0, 400.0)
#: The prior of τ: its median in points, and its deviation on the logarithmic scale.
USUAL_SPREAD: Final = 100.0
SPREAD_DEVIATION: Final = 0.7
MAX_STEPS: Final = 50
TOLERANCE: Final = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Personal:
    """ratings, lower, upper: (n,) points; spread: the τ that was chosen, in points."""

    ratings: Matrix
    lower: Matrix
    upper: Matrix
    spread: float


def personal_ratings(wins: Matrix, everybody: Matrix, level: float = 0.95) -> Personal:
    """The voter's ratings.

    Args:
        wins: (n, n), wins[i, j] = how often i beat j by this voter, ties as halves.
        everybody: (n,) ratings in points.
        level: of the intervals.

    Raises:
        NotConverged: Newton's method did not end.
    """
    with one_thread():
        found = [_fit(wins, everybody / SCALE, spread / SCALE) for spread in SPREADS]
        strengths, inverse, _evidence, spread = max(found, key=lambda one: one[2])
    half = NormalDist().inv_cdf((1 + level) / 2) * SCALE * np.sqrt(np.diagonal(inverse))
    ratings = SCALE * strengths
    return Personal(ratings, ratings - half, ratings + half, SCALE * spread)


def _fit(wins: Matrix, prior: Matrix, spread: float) -> tuple[Matrix, Matrix, float, float]:
    """(strengths, inverse of the penalised Hessian, log evidence, spread)."""
    games, strengths = wins + wins.T, prior.copy()
    for _step in range(MAX_STEPS):
        difference = strengths[:, np.newaxis] - strengths[np.newaxis, :]
        p = scipy.special.expit(difference)
        gradient = (wins - games * p).sum(axis=1) - (strengths - prior) / spread**2
        information = games * p * (1 - p)
        hessian = np.diag(information.sum(axis=1) + spread**-2) - information
        step = np.linalg.solve(hessian, gradient)
        # The objective is concave; a step of a few units at most keeps Newton's method inside the region it knows.
        strengths = strengths + step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-300))
        if np.abs(step).max() < TOLERANCE:
            break
    else:
        raise NotConverged(f"no maximum after {MAX_STEPS} steps")
    difference = strengths[:, np.newaxis] - strengths[np.newaxis, :]
    likelihood = float(
        (wins * scipy.special.log_expit(difference)).sum() - ((strengths - prior) ** 2).sum() / (2 * spread**2)
    )
    _sign, logdet = np.linalg.slogdet(hessian)
    unusual = float(np.log(SCALE * spread / USUAL_SPREAD)) / SPREAD_DEVIATION
    evidence = likelihood - logdet / 2 - len(prior) * float(np.log(spread)) - unusual**2 / 2
    return strengths, np.linalg.inv(hessian), evidence, spread
