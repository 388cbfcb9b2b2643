r"""Maximum likelihood of the Bradley-Terry model, with ties as half wins, Davidson's or Rao and Kupper's. Pure.

The model: i beats j with probability p_ij = 1 / (1 + exp(θ_j - θ_i)); `tie_models` has what a tie is. The strengths θ
maximise the likelihood under Σ_i θ_i = 0. Ratings are 1000 + (400 / ln 10) θ: 400 points are odds of ten to one, and
the mean is 1000.

The maximum exists and is unique exactly if the graph "i beat j" (a tie counts both ways) is strongly connected; see
`graph`. Otherwise a number that a stopping rule gives is no estimate, and `fit` refuses. With `prior`, every
contender also has that many votes, half won and half lost, against one imagined contender: the maximum then always
exists, and the result says that it is regularised.

The solver is Newton's method on the full Hessian, from equal strengths. The likelihood is concave, the steps are
bounded, and the last one is below 1e-10, so that the error is that of rounding. The same counts give the same bits.

Sources: Bradley & Terry 1952, doi:10.2307/2334029; Davidson 1970, doi:10.1080/01621459.1970.10481082; Rao & Kupper
1967, doi:10.1080/01621459.1967.10482901; the prior: Caron & Doucet 2012, doi:10.1080/10618600.2012.638220.

    RankingError
    ├── NoComparisons               no vote counts, so there is nothing to rate by
    ├── DisconnectedComparisons     the contenders fall into pieces that never met; `components`
    ├── SeparatedComparisons        some never lost, even by half, to the others; `groups`, strongest first
    ├── TiesUnbounded               too few decisive votes to bound the parameter of a model of ties
    └── NotConverged                the solver stopped before the maximum
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
import scipy  # its parts when they are used: they take a quarter of a second

from arena.rankings.blas import one_thread
from arena.rankings.graph import Groups, components_of, groups_of, ties_run_away
from arena.rankings.tallies import Counts, Matrix
from arena.rankings.terms import MEAN, SCALE, TOLERANCE, BothBad, Ties
from arena.rankings.tie_models import MODELS, Derivatives, TieModel, logistic

MAX_STEPS: Final = 200
#: A longer step is cut: farther away the second-order picture is not trusted.
LONGEST_STEP: Final = 2.0
#: The largest |score| accepted at the maximum, per comparison of the contender.
MAX_SCORE: Final = 1e-9


class RankingError(Exception):
    """The comparisons do not determine ratings."""


class NoComparisons(RankingError):
    """There are no votes, or none that the method counts."""


class DisconnectedComparisons(RankingError):
    """The contenders fall into pieces that were never compared with each other."""

    def __init__(self, components: Groups) -> None:
        super().__init__(f"{len(components)} pieces without a comparison between them: {components}")
        self.components = components


class SeparatedComparisons(RankingError):
    """A group of contenders never lost to the rest, so that its strength has no upper bound."""

    def __init__(self, groups: Groups) -> None:
        super().__init__(f"separated groups, strongest first: {groups}")
        self.groups = groups


class TiesUnbounded(RankingError):
    """Hardly a decisive vote; half wins can rate that, a model of ties cannot (see `graph.ties_run_away`)."""


class NotConverged(RankingError):
    """The solver stopped before the maximum."""


@dataclass(frozen=True, eq=False)
class Fit:
    """The maximum of the likelihood, and what it was computed from.

    strengths: (n,) θ in natural-log units, mean 0. tie: log ν (davidson), η (rao-kupper), else None; also None where
    such a model saw no tie at all, in which case its parameter is at the edge. hessian: minus the second derivatives
    at the maximum, by the strengths (with a prior, the imagined contender's first) and the tie parameter.
    digest: of the counts. steps, score: Newton steps taken, and the largest |derivative| left, per comparison.
    """

    strengths: Matrix
    tie: float | None
    hessian: Matrix
    ties: Ties
    both_bad: BothBad
    prior: float
    digest: str
    steps: int
    score: float
    tolerance: float = TOLERANCE

    @cached_property
    def ratings(self) -> Matrix:
        """(n,) points, mean 1000."""
        return MEAN + SCALE * self.strengths

    @property
    def model(self) -> TieModel:
        """The likelihood that was maximised; half wins where no tie was seen, which is the edge of the others."""
        return MODELS[self.ties] if self.tie is not None else MODELS["half"]

    @cached_property
    def inverse(self) -> Matrix:
        """The pseudo-inverse of the Hessian on strengths that sum to zero: (n, n), one more for a tie parameter."""
        n = len(self.strengths)
        imagined = 1 if self.prior else 0
        inverse = pinned_inverse(self.hessian, n + imagined)[imagined:, imagined:]
        if imagined:
            inverse[:, :n] -= inverse[:, :n].mean(axis=1, keepdims=True)
            inverse[:n] -= inverse[:n].mean(axis=0)
        return inverse


def differences(strengths: Matrix) -> Matrix:
    """(n, n): d[i, j] = θ_i - θ_j."""
    return np.asarray(strengths[:, np.newaxis] - strengths[np.newaxis, :])


def probabilities(strengths: Matrix) -> Matrix:
    """(n, n): p[i, j] = the probability that i beats j, half wins included."""
    return logistic(differences(strengths))


def fit(
    counts: Counts,
    ties: Ties = "half",
    both_bad: BothBad = "tie",
    *,
    prior: float = 0.0,
    start: Matrix | None = None,
) -> Fit:
    """Maximise the likelihood, in one BLAS thread.

    Args:
        counts: of n ≥ 1 contenders.
        ties: the model of ties.
        both_bad: as a tie, or left out.
        prior: imagined votes of each contender; 0 refuses what the votes do not determine.
        start: (n,) strengths to start from. A warm start is faster, and equal to a cold one only up to rounding.

    Raises:
        ValueError: the cells are not finite and not negative, somebody meets itself, or nobody is there.
        NoComparisons: no vote counts, with a prior as without one: equal numbers for all would be invented.
        DisconnectedComparisons: some never met; lists the components as tuples of row numbers.
        SeparatedComparisons: the maximum does not exist; lists the groups in order, strongest first.
        TiesUnbounded: a model of ties, and hardly a decisive vote.
        NotConverged: the solver stopped early.
    """
    _require_sound(counts)
    with one_thread():
        solved = _solve(counts, ties, both_bad, prior, start)
    return Fit(
        solved.strengths - solved.strengths.mean(),
        solved.tie,
        solved.hessian,
        ties,
        both_bad,
        prior,
        counts.digest(),
        solved.steps,
        solved.score,
    )


def _solve(counts: Counts, ties: Ties, both_bad: BothBad, prior: float, start: Matrix | None) -> "_Solved":
    decisive, even = counts.decisive, counts.halves(both_bad)
    if not (decisive.any() or even.any()):
        raise NoComparisons("no votes to rate by")
    if prior:
        decisive, even = _with_imagined(decisive, even, prior)
        start = None if start is None else np.concatenate([[0.0], start])
    else:
        _require_maximum(decisive + even / 2)
    parametric = ties != "half" and bool(even.any())
    if parametric and ties_run_away(decisive, even):
        raise TiesUnbounded("too few decisive votes for a model of ties")
    solved = _maximise(MODELS[ties] if parametric else MODELS["half"], decisive, even, start)
    strengths = solved.strengths[1:] if prior else solved.strengths
    return replace(solved, strengths=strengths, tie=solved.tie if parametric else None)


def _require_sound(counts: Counts) -> None:
    cells = counts.cells
    if cells.ndim != 3 or cells.shape[0] != 4 or cells.shape[1] != cells.shape[2] or not cells.shape[1]:
        raise ValueError(f"cells must be of shape (4, n, n) with n of at least one, not {cells.shape}")
    if not np.isfinite(cells).all() or (cells < 0).any() or np.einsum("kii->", cells):
        raise ValueError("cells must be finite and not negative, and nobody meets itself")


def _require_maximum(wins: Matrix) -> None:
    groups = groups_of(wins)
    if len(groups) > 1:
        components = components_of(wins)
        raise DisconnectedComparisons(components) if len(components) > 1 else SeparatedComparisons(groups)


def _with_imagined(decisive: Matrix, even: Matrix, prior: float) -> tuple[Matrix, Matrix]:
    """The counts with one more contender in front, against whom everybody won and lost prior / 2 votes."""
    decisive, even = (np.pad(matrix, ((1, 0), (1, 0))) for matrix in (decisive, even))
    decisive[0, 1:] = decisive[1:, 0] = prior / 2
    return decisive, even


@dataclass(frozen=True, slots=True)
class _Solved:
    strengths: Matrix
    tie: float | None
    hessian: Matrix
    steps: int
    score: float


def _maximise(model: TieModel, decisive: Matrix, even: Matrix, start: Matrix | None) -> _Solved:
    n = len(decisive)
    strengths = np.zeros(n) if start is None else start - start.mean()
    tie = model.start(decisive, even)
    compared = np.maximum((decisive + decisive.T + even).sum(axis=1), np.finfo(float).tiny)
    for steps in range(1, MAX_STEPS + 1):
        d = differences(strengths)
        slope = model.slope(decisive, even, d, tie)
        hessian = hessian_of(model.curvature(decisive, even, d, tie), with_tie=model.has_parameter)
        step = _newton_step(hessian, slope, n)
        longest = float(np.abs(step).max())
        if longest > LONGEST_STEP:
            step *= LONGEST_STEP / longest
        strengths = strengths + (step[:n] - step[:n].mean())
        if model.has_parameter:
            # Only Rao and Kupper's parameter has an edge, at 0; half the way to it is always allowed.
            tie = tie + step[n] if model is not MODELS["rao-kupper"] else max(tie + step[n], tie / 2)
        if longest <= TOLERANCE:
            score = float(np.abs(slope.difference.sum(axis=1) / compared).max())
            if score <= MAX_SCORE:
                return _Solved(strengths, tie, hessian, steps, score)
    raise NotConverged(f"a step of {longest:.2g} is left after {MAX_STEPS}")


def _newton_step(hessian: Matrix, slope: Derivatives, n: int) -> Matrix:
    """(n,) or with the tie parameter (n + 1,)."""
    gradient = np.zeros(len(hessian))
    gradient[:n] = slope.difference.sum(axis=1)
    gradient[n:] = slope.tie
    _factor, step, failed = scipy.linalg.lapack.dposv(_pinned(hessian, n), gradient)
    if failed:
        raise NotConverged("the Hessian is not positive definite in floating point")
    return np.asarray(step)


def hessian_of(sums: Derivatives, *, with_tie: bool) -> Matrix:
    """Σ over pairs of weight times (e_i - e_j)(e_i - e_j)ᵀ, bordered by the tie parameter where there is one."""
    weights = sums.difference
    laplacian = -weights
    laplacian[np.diag_indices(len(weights))] += weights.sum(axis=1)
    if not with_tie or sums.mixed is None:
        return laplacian
    border = sums.mixed.sum(axis=1)
    return np.block([[laplacian, border[:, np.newaxis]], [border[np.newaxis, :], np.array([[sums.tie]])]])


def _constant(hessian: Matrix, n: int) -> float:
    """The size given to the direction in which the likelihood is flat: like the rest, for a good condition."""
    return max(float(np.trace(hessian[:n, :n])) / n, float(np.finfo(float).tiny))


def _pinned(hessian: Matrix, n: int) -> Matrix:
    pinned = hessian.copy()
    pinned[:n, :n] += _constant(hessian, n) / n
    return pinned


def pinned_inverse(hessian: Matrix, n: int) -> Matrix:
    """The pseudo-inverse on parameters of which the first n, the strengths, sum to zero."""
    inverse = np.linalg.inv(_pinned(hessian, n))
    inverse[:n, :n] -= 1.0 / (_constant(hessian, n) * n)
    return np.asarray(inverse)
