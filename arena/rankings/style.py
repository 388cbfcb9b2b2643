r"""Ratings with the style of the outputs taken out: Bradley-Terry with covariates of each vote. Pure.

With x_v the K covariates of vote v, as differences between its left and right output, the probability that left is
preferred is p = σ(θ_left - θ_right + β·x_v), a tie counting as half a win for each side. θ are the strengths at equal
style, β what one unit of each covariate is worth. Covariates are divided by their root mean square, so that β is per
typical difference; they are not centred, because swapping the sides has to mirror the result. No penalty: a penalty on
β would leave part of the style in the ratings.

Votes cannot be counted here, as each has its own x. Newton's method reads a sample of them for the Hessian and all of
them for every gradient (chord steps), in blocks that stay in the cache; the last step, next to the maximum, has the
full Hessian.

Sources: Li, Angelopoulos & Chiang 2024, "Does style matter?" (lmsys.org/blog/2024-08-28-style-control); chord method:
Ortega & Rheinboldt 1970, doi:10.1137/1.9780898719468; covariances as in `intervals`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy
from numpy.typing import NDArray

from arena.rankings.blas import one_thread
from arena.rankings.bradley_terry import Fit, NotConverged, RankingError, fit, pinned_inverse
from arena.rankings.intervals import FEWEST_VOTERS, Limits, VotersNeeded, covariance, half_widths, limits
from arena.rankings.tallies import BOTH_BAD_CODE, Codes, Matrix, Votes, count
from arena.rankings.terms import LEVEL, MEAN, SCALE, BothBad

BLOCK: Final = 1 << 14
#: Of a step after which one of Newton's own ends at the maximum: what is left then is about its square.
NEARLY: Final = 1e-4
MAX_PASSES: Final = 100
#: Of a large number of votes, the first Hessian looks at every eighth block.
SAMPLED: Final = 8
#: A pass that does not shrink the step to this share asks for the Hessian where we are now.
SLOW: Final = 0.1
#: Half wins by outcome code.
_SCORES: Final = np.array([1.0, 0.0, 0.5, 0.5])
#: Covariates whose correlation matrix is worse conditioned than this are the same in other words.
MAX_CONDITION: Final = 1e10


class UselessCovariates(RankingError):
    """A covariate that never differs, or that others already say."""


@dataclass(frozen=True, slots=True)
class Coefficient:
    """What a typical difference (root mean square, `unit` of the covariate) is worth, in points, with its interval."""

    name: str
    unit: float
    points: float
    lower: float
    upper: float


@dataclass(frozen=True, eq=False)
class StyleFit:
    """Both ratings side by side.

    plain, plain_limits: without covariates. ratings, limits: (n,) points at equal style, mean 1000. covariance:
    (n + K, n + K) of strengths and coefficients per `unit`, natural-log units. passes: over the votes.
    """

    plain: Fit
    plain_limits: Limits
    ratings: Matrix
    limits: Limits
    coefficients: tuple[Coefficient, ...]
    parameters: Matrix
    covariance: Matrix
    passes: int


def differences(left: Matrix, right: Matrix) -> Matrix:
    """(N, K): (left - right) / (left + right), 0 where both are 0: relative differences of amounts ≥ 0.

    Args:
        left: (N, K) amounts of the left outputs.
        right: (N, K) amounts of the right outputs.
    """
    total = left + right
    return np.divide(left - right, total, out=np.zeros_like(total, dtype=np.float64), where=total > 0)


def fit_style(
    votes: Votes,
    n: int,
    covariates: NDArray[np.floating],
    names: Sequence[str],
    *,
    both_bad: BothBad = "tie",
    level: float = LEVEL,
    clustered: bool = False,
    start: Matrix | None = None,
) -> StyleFit:
    """Fit with and without covariates.

    Args:
        votes: N votes among n contenders.
        n: number of contenders.
        covariates: (N, K) differences between left and right, finite; float32 is enough.
        names: of the K covariates.
        both_bad: as a tie, or left out.
        level: of all intervals.
        clustered: whether the votes of one voter may hang together; else every vote stands for itself.
        start: the `parameters` of an earlier fit, which saves passes.

    Raises:
        ValueError: shapes do not fit, or a covariate is not finite.
        RankingError: see `bradley_terry.fit`; UselessCovariates: see there.
        VotersNeeded: clustered, without voters.
    """
    if covariates.shape != (len(votes), len(names)):
        raise ValueError(f"covariates must be of shape {(len(votes), len(names))}, not {covariates.shape}")
    if both_bad != "tie":
        compared = votes.outcome != BOTH_BAD_CODE
        votes, covariates = votes.where(compared), covariates[compared]
    with one_thread():
        counts = count(votes, n)
        plain = fit(counts)
        plain_covariance = covariance(plain, counts, "clustered" if clustered else "sandwich", votes)
        problem = _Problem(votes, n, covariates, names)
        begin = np.concatenate([plain.strengths, np.zeros(len(names))]) if start is None else start
        near, passes = problem.approach(begin)
        parameters, found = problem.finish(near, clustered=clustered)
    half, points = half_widths(np.diagonal(found), level), SCALE * parameters
    ratings = MEAN + points[:n]
    own = Limits(ratings - half[:n], ratings + half[:n])
    coefficients = _coefficients(names, problem.units, points[n:], half[n:])
    plain_own = limits(plain, plain_covariance, level)
    return StyleFit(plain, plain_own, ratings, own, coefficients, parameters, found, passes)


def _coefficients(names: Sequence[str], units: Matrix, points: Matrix, half: Matrix) -> tuple[Coefficient, ...]:
    return tuple(
        Coefficient(name, float(unit), float(value), float(value - width), float(value + width))
        for name, unit, value, width in zip(names, units, points, half, strict=True)
    )


@dataclass(frozen=True, slots=True)
class _Block:
    """Some votes: x (b, K), not scaled; residual s - p; p."""

    left: Codes
    right: Codes
    x: Matrix
    weight: Matrix
    residual: Matrix
    p: Matrix


class _Problem:
    def __init__(self, votes: Votes, n: int, covariates: NDArray[np.floating], names: Sequence[str]) -> None:
        self.votes, self.n, self.covariates, self.names = votes, n, covariates, names
        squares = np.zeros((len(names), len(names)))
        for start in range(0, len(votes), BLOCK):
            block = covariates[start : start + BLOCK].astype(np.float64)
            squares += block.T @ block
        if not np.isfinite(squares).all():
            raise ValueError("covariates must be finite")
        self.units = np.sqrt(np.diagonal(squares) / max(len(votes), 1))
        if still := [name for name, unit in zip(names, self.units, strict=True) if not unit]:
            raise UselessCovariates(f"no difference between left and right in {', '.join(still)}")
        alike = squares / len(votes) / np.outer(self.units, self.units)
        if len(names) and np.linalg.cond(alike) > MAX_CONDITION:
            raise UselessCovariates(f"one of {', '.join(names)} says what others already say")

    def blocks(self, parameters: Matrix, every: int = 1) -> Iterator[_Block]:
        """The votes in every so many blocks, with residuals at some parameters."""
        strengths, coefficients = parameters[: self.n], parameters[self.n :] / self.units
        votes = self.votes
        for start in range(0, len(votes), BLOCK * every):
            at = slice(start, start + BLOCK)
            left, right = votes.left[at], votes.right[at]
            x = self.covariates[at].astype(np.float64)
            p = 1.0 / (1.0 + np.exp(strengths.take(right) - strengths.take(left) - x @ coefficients))
            weight = np.ones(len(x)) if votes.weight is None else votes.weight[at]
            yield _Block(left, right, x, weight, _SCORES.take(votes.outcome[at]) - p, p)

    def gradient(self, parameters: Matrix) -> Matrix:
        """(n + K,)"""
        return np.asarray(np.sum([self._gradient_of(block) for block in self.blocks(parameters)], axis=0))

    def _gradient_of(self, block: _Block) -> Matrix:
        pull, n = block.weight * block.residual, self.n
        by_contender = np.bincount(block.left, pull, n) - np.bincount(block.right, pull, n)
        return np.concatenate([by_contender, block.x.T @ pull / self.units])

    def hessian(self, parameters: Matrix, every: int = 1) -> Matrix:
        """(n + K, n + K): Σ w p (1 - p) z zᵀ with z = (e_left - e_right, x), over every so many blocks."""
        sums = _Sums(self.n, self.units, 1)
        for block in self.blocks(parameters, every):
            sums.add(block, block.weight * block.p * (1 - block.p))
        (total,) = sums.totals()
        return total * every

    def inverse(self, hessian: Matrix) -> Matrix:
        """See `pinned_inverse`; without one, a worth grows without end: where a covariate differs, its side won."""
        try:
            return pinned_inverse(hessian, self.n)
        except np.linalg.LinAlgError:
            raise NotConverged(f"the votes do not bound what {', '.join(self.names)} are worth") from None

    def approach(self, parameters: Matrix) -> tuple[Matrix, int]:
        """A point next to the maximum, and the passes over the votes that it took, with the one that is to come."""
        # A sample shows the curvature well enough for steps; where they are is decided by full gradients.
        every = max(1, min(SAMPLED, len(self.votes) // (BLOCK * 4)))
        inverse, last = self.inverse(self.hessian(parameters, every)), np.inf
        for passes in range(3, MAX_PASSES):
            step = inverse @ self.gradient(parameters)
            longest = float(np.abs(step).max())
            parameters = parameters + step * min(1.0, 2.0 / max(longest, 1e-300))
            if longest <= NEARLY:
                return parameters, passes
            slow, last = longest > SLOW * last, longest
            if slow:
                # Where the start was far away, a sample seen from here is enough; the second time, it is not.
                inverse, last = self.inverse(self.hessian(parameters, every)), np.inf
                every = 1
        raise NotConverged(f"a step of {longest:.2g} is left after {MAX_PASSES} passes")

    def finish(self, parameters: Matrix, *, clustered: bool) -> tuple[Matrix, Matrix]:
        """The maximum, by one step of Newton's with the full Hessian, and the covariance: robust, or by voter."""
        sums, gradient = _Sums(self.n, self.units, 2), np.zeros(len(parameters))
        for block in self.blocks(parameters):
            sums.add(block, block.weight * block.p * (1 - block.p), (block.weight * block.residual) ** 2)
            gradient += self._gradient_of(block)
        hessian, outer = sums.totals()
        bread = self.inverse(hessian)
        step = bread @ gradient
        if (longest := float(np.abs(step).max())) > NEARLY:
            raise NotConverged(f"a step of {longest:.2g} is left")
        parameters = parameters + step
        parameters[: self.n] -= parameters[: self.n].mean()
        meat = self.clustered(parameters) if clustered else outer
        found: Matrix = bread @ meat @ bread
        return parameters, found

    def clustered(self, parameters: Matrix) -> Matrix:
        """The middle of the sandwich from sums by voter."""
        if self.votes.voter is None:
            raise VotersNeeded("clustered intervals need votes that name their voter")
        voters, place = np.unique(self.votes.voter, return_inverse=True)
        if len(voters) < FEWEST_VOTERS:
            raise VotersNeeded("clustered intervals need the votes of at least two voters")
        sums, start = np.zeros((len(voters), len(parameters))), 0
        for block in self.blocks(parameters):
            pull, at = block.weight * block.residual, place[start : start + len(block.left)]
            np.add.at(sums, (at, block.left), pull)
            np.add.at(sums, (at, block.right), -pull)
            np.add.at(sums[:, self.n :], at, block.x * pull[:, np.newaxis])
            start += len(block.left)
        sums[:, self.n :] /= self.units
        meat: Matrix = sums.T @ sums * (len(voters) / (len(voters) - 1))
        return meat


class _Sums:
    """Σ weight z zᵀ over blocks of votes, for several weights at a time."""

    def __init__(self, n: int, units: Matrix, kinds: int) -> None:
        self.n, self.units = n, units
        self.pairs = np.zeros((kinds, n * n))
        self.mixed = np.zeros((n, kinds * len(units)))
        self.style = np.zeros((len(units), kinds * len(units)))

    def add(self, block: _Block, *weights: Matrix) -> None:
        """Add the votes of a block."""
        n, size = self.n, len(block.left)
        pair = block.left.astype(np.intp) * n + block.right
        self.pairs += [np.bincount(pair, weight, n * n) for weight in weights]
        weighted = np.concatenate([block.x * weight[:, np.newaxis] for weight in weights], axis=1)
        self.style += block.x.T @ weighted
        ends = np.empty((size, 2), dtype=np.int32)
        ends[:, 0], ends[:, 1] = block.left, block.right
        signs, starts = np.tile([1.0, -1.0], size), np.arange(0, 2 * size + 1, 2, dtype=np.int32)
        self.mixed += scipy.sparse.csr_matrix((signs, ends.ravel(), starts), shape=(size, n)).T @ weighted

    def totals(self) -> list[Matrix]:
        """(n + K, n + K) for each weight."""
        n, size = self.n, len(self.units)
        found = []
        for place, pairs in enumerate(self.pairs):
            own = slice(place * size, (place + 1) * size)
            met = pairs.reshape(n, n)
            met = met + met.T
            mixed = self.mixed[:, own] / self.units
            style = self.style[:, own] / np.outer(self.units, self.units)
            found.append(np.block([[np.diag(met.sum(axis=1)) - met, mixed], [mixed.T, style]]))
        return found
