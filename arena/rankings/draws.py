"""Whether systems were drawn as often as the logged weights say: a chi-squared test over all draws. Pure.

Each draw s took a pair from its own pool, with P_s{i, j} = w_i w_j / Σ_{a<b} w_a w_b. Let O_i be the number of draws
with i in the pair, E_i = Σ_s π_si its expectation (π_si = Σ_j P_s{i, j}), and

    V_ij = Σ_s (P_s{i, j} - π_si π_sj),    V_ii = Σ_s (π_si - π_si²)

the covariance of O, exact whatever the pools were. Then (O - E)ᵀ V⁺ (O - E) is chi-squared with rank(V) degrees of
freedom for many draws (score test; Rao 1948, doi:10.1017/S0305004100023987). The test sees whether the sampler does
what it logged; what it was told to do is in the logged policies.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from arena.rankings.blas import one_thread
from arena.rankings.tallies import Matrix


@dataclass(frozen=True, slots=True)
class Expectation:
    """Of one draw from a pool. pair: {(i, j): P} with i < j; single: {i: π}."""

    pair: Mapping[tuple[int, int], float]
    single: Mapping[int, float]


def expectation(pool: Sequence[tuple[int, float]]) -> Expectation:
    """The probabilities of one draw.

    Args:
        pool: (version, weight > 0), at least two.
    """
    versions = [version for version, _weight in pool]
    weights = np.array([weight for _version, weight in pool], dtype=float)
    weights /= weights.sum()
    p = np.outer(weights, weights)
    np.fill_diagonal(p, 0.0)
    p /= p.sum() / 2
    single = {version: float(pi) for version, pi in zip(versions, p.sum(axis=1), strict=True)}
    pair = {
        (min(a, b), max(a, b)): float(p[i, j])
        for i, a in enumerate(versions)
        for j, b in enumerate(versions[i + 1 :], i + 1)
    }
    return Expectation(pair, single)


@dataclass(frozen=True, slots=True)
class ChiSquared:
    """statistic, its degrees of freedom, and the probability of one at least as large if all is well."""

    statistic: float
    degrees: int
    p_value: float


def drawn_as_logged(observed: Matrix, expected: Matrix, covariance: Matrix) -> ChiSquared | None:
    """Test n systems; None where the draws had no choice at all.

    Args:
        observed: (n,) draws with each system.
        expected: (n,) their expectation.
        covariance: (n, n) of the observed ones.
    """
    with one_thread():
        values, vectors = np.linalg.eigh(covariance)
        kept = values > max(values.max(initial=0.0), 1.0) * 1e-9
        degrees = int(kept.sum())
        if not degrees:
            return None
        scores = vectors[:, kept].T @ (observed - expected) / np.sqrt(values[kept])
    statistic = float(scores @ scores)
    return ChiSquared(statistic, degrees, float(scipy.special.chdtrc(degrees, statistic)))


def fair_sides(left: int, draws: int) -> ChiSquared | None:
    """Whether the first of a pair stood left in half of the draws."""
    if not draws:
        return None
    statistic = (2 * left - draws) ** 2 / draws
    return ChiSquared(statistic, 1, float(scipy.special.chdtrc(1, statistic)))
