"""Strengths of systems by Bradley-Terry with a normal prior. Pure, numpy alone: it runs at every routed prompt.

    maximise  Σ W_ij log p_ij  -  Σ_i (θ_i - μ_i)² / (2 σ²),    p_ij = 1 / (1 + exp(θ_j - θ_i)).

Source of the model: Bradley and Terry 1952, doi:10.2307/2334029.
"""

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

#: Standard deviations of strengths in natural-log units: of all systems around 0, of one kind of prompt around those.
PRIOR_ALL: Final = 1.5
PRIOR_CLUSTER: Final = 0.5
_ROUNDS: Final = 100
_TOLERANCE: Final = 1e-10

Array: TypeAlias = NDArray[np.float64]


def probabilities(strengths: Array) -> Array:
    """(…, n, n) from (…, n): entry i, j is the probability that i is preferred to j."""
    return np.asarray(1.0 / (1.0 + np.exp(strengths[..., np.newaxis, :] - strengths[..., :, np.newaxis])))


def against_all(strengths: Array) -> Array:
    """(n,) the probability of being preferred to one of the others, drawn at random."""
    chances = probabilities(strengths)
    np.fill_diagonal(chances, 0.0)
    return np.asarray(chances.sum(axis=1) / max(len(strengths) - 1, 1))


def fitted(wins: Array, means: Array, deviation: float) -> Array:
    """The strengths of highest posterior density, by Newton's method; the prior makes the maximum unique.

    Args:
        wins: (…, n, n), wins[…, i, j] = how often i was preferred to j, ties as half; may be weighted.
        means: (n,), the centres of the prior.
        deviation: its standard deviation.

    Returns:
        (…, n), those of each table as if it were alone.
    """
    strengths, met = np.broadcast_to(means, wins.shape[:-1]).copy(), wins + wins.swapaxes(-1, -2)
    moving, diagonal = np.ones((*wins.shape[:-2], 1), bool), np.eye(len(means))
    for _round in range(_ROUNDS):
        p = probabilities(strengths)
        slope = (wins - met * p).sum(axis=-1) - (strengths - means) / deviation**2
        weights = met * p * p.swapaxes(-1, -2)
        curve = diagonal * (weights.sum(axis=-1) + 1 / deviation**2)[..., np.newaxis] - weights
        step = np.linalg.solve(curve, slope[..., np.newaxis])[..., 0] * moving
        strengths = strengths + step
        moving = np.abs(step).max(axis=-1, keepdims=True, initial=0.0) >= _TOLERANCE
        if not moving.any():
            break
    return strengths
