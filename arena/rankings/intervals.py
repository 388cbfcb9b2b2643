r"""How sure the strengths are: robust ("sandwich"), model-based and clustered covariances. Pure.

Let u_v be the derivative of the log-likelihood of one vote v of weight w_v by the parameters: for half wins,
(s - p)(e_i - e_j) with the score s = 1, ½ or 0. The covariance of the estimate is H⁺JH⁺ with H minus the second
derivatives at the maximum and

    fisher       J = H:  the model is taken to be right
    sandwich     J = Σ_v w_v² u_v u_vᵀ:  what the votes did, whatever the model says
    clustered    J = V/(V-1) Σ_voters g g ᵀ,  g = Σ w_v u_v over the votes of one of V voters: these may hang together

Votes of one pair and outcome have the same u_v, so the first two need counts alone. H⁺ is the pseudo-inverse on
strengths that sum to zero: an interval is about a contender against the average of the board, and no contender is an
anchor of zero width.

The model's covariance is too wide for half wins, whose scores vary less than a coin (by 27 % with 35 % ties). Where
the votes of a contender, or its difference to somebody, hardly vary at all (ties only), there is nothing to estimate a
variance from, and the model's part is added for its comparisons: a width of zero is never claimed. A regularised fit
takes the model's covariance, as its contenders without losses have no variation either.

Sources: Huber 1967 (Berkeley Symposium 5, 221-233); White 1982, doi:10.2307/1912526; clusters: Liang & Zeger 1986,
doi:10.1093/biomet/73.1.13; for paired comparisons: Chiang et al. 2024, arXiv:2403.04132.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist
from typing import Final, Literal, TypeAlias

import numpy as np
import scipy
from numpy.typing import NDArray

from arena.rankings.blas import one_thread
from arena.rankings.bradley_terry import Fit, differences, hessian_of
from arena.rankings.tallies import Counts, Matrix, Votes
from arena.rankings.terms import LEVEL, SCALE
from arena.rankings.tie_models import Derivatives, outer

Robustness: TypeAlias = Literal["sandwich", "fisher", "clustered"]

#: Below this share of the model's variance the observed one is no estimate (more than 99 % ties).
DEGENERATE: Final = 0.01
FEWEST_VOTERS: Final = 2
#: Votes whose scores are in memory at a time.
BLOCK: Final = 1_000_000


class VotersNeeded(ValueError):
    """A clustered interval without knowing who voted, or with a single voter."""


@dataclass(frozen=True, eq=False)
class Limits:
    """lower, upper: (n,) points."""

    lower: Matrix
    upper: Matrix


def covariance(fitted: Fit, counts: Counts, kind: Robustness = "sandwich", votes: Votes | None = None) -> Matrix:
    """The covariance of the estimate.

    Args:
        fitted: the fit of `counts`.
        counts: what was fitted.
        kind: see the module.
        votes: the votes behind the counts, with voters; for clustered only.

    Returns:
        (n, n) in squared natural-log units, rows summing to zero; with a tie parameter, one more row and column.

    Raises:
        VotersNeeded: clustered, and there are no voters or only one.
    """
    with one_thread():
        bread: Matrix = fitted.inverse
        if kind == "fisher" or fitted.prior:
            return bread
        meat = clustered_meat(fitted, votes) if kind == "clustered" else robust_meat(fitted, counts)
        found = bread @ meat @ bread
        n = counts.n
        degenerate = hardly_varying(found[:n, :n], bread[:n, :n])
        if degenerate.any():
            found = found + bread @ _model_part(fitted, counts, degenerate) @ bread
        symmetric: Matrix = (found + found.T) / 2
        return symmetric


def hardly_varying(observed: Matrix, model: Matrix) -> NDArray[np.bool_]:
    """(n,): the contenders whose variance, or that of whose difference to somebody, is next to none of the model's."""
    own = np.diagonal(observed) < DEGENERATE * np.diagonal(model)
    pairs = difference_variances(observed) < DEGENERATE * difference_variances(model)
    np.fill_diagonal(pairs, val=False)
    return np.asarray(own | pairs.any(axis=1))


def difference_variances(covariances: Matrix) -> Matrix:
    """(n, n): the variance of θ_i - θ_j."""
    variances = np.diagonal(covariances)
    return np.asarray(variances[:, np.newaxis] + variances[np.newaxis, :] - 2 * covariances)


def robust_meat(fitted: Fit, counts: Counts) -> Matrix:
    """J of the sandwich, from counts."""
    squared = counts.squared()
    d, tie = differences(fitted.strengths), fitted.tie or 0.0
    sums = outer(fitted.model, squared.decisive, squared.halves(fitted.both_bad), d, tie)
    return hessian_of(sums, with_tie=fitted.tie is not None)


def _model_part(fitted: Fit, counts: Counts, chosen: NDArray[np.bool_]) -> Matrix:
    """The part of H that comes from the comparisons of some contenders; without the tie parameter."""
    d = differences(fitted.strengths)
    sums = fitted.model.curvature(counts.decisive, counts.halves(fitted.both_bad), d, fitted.tie or 0.0)
    touched = sums.difference * (chosen[:, np.newaxis] | chosen[np.newaxis, :])
    part = hessian_of(Derivatives(touched, None, 0.0), with_tie=False)
    return np.pad(part, (0, len(fitted.inverse) - len(part)))


def clustered_meat(fitted: Fit, votes: Votes | None) -> Matrix:
    """J from sums of scores by voter.

    Raises:
        VotersNeeded: nobody, or a single voter.
    """
    size, voters = len(fitted.inverse), 0
    meat: Matrix = np.zeros((size, size))
    for block in _voter_blocks(votes):
        sums = scores_by_voter(fitted, block)
        voters += sums.shape[0]
        meat += (sums.T @ sums).toarray()
    if voters < FEWEST_VOTERS:
        raise VotersNeeded("clustered intervals need the votes of at least two voters")
    return meat * (voters / (voters - 1))


def _voter_blocks(votes: Votes | None) -> Iterator[Votes | None]:
    """The votes in pieces of about `BLOCK`, no voter in two of them: ten million at once would take gigabytes."""
    if votes is None or votes.voter is None or len(votes) <= BLOCK:
        yield votes
        return
    order = np.argsort(votes.voter, kind="stable")
    starts = np.flatnonzero(np.diff(votes.voter[order], prepend=votes.voter[order[0]] - 1))
    cuts = np.unique(starts[np.searchsorted(starts, range(0, len(votes), BLOCK)).clip(max=len(starts) - 1)])
    for start, end in pairwise([0, *cuts[cuts > 0].tolist(), len(votes)]):
        yield votes.where(order[start:end])


def scores_by_voter(fitted: Fit, votes: Votes | None) -> "scipy.sparse.csr_matrix":
    """(V, n) or with a tie parameter (V, n + 1): for each of V voters, by code, the sum of w_v u_v.

    Raises:
        VotersNeeded: the votes name no voters.
    """
    if votes is None or votes.voter is None:
        raise VotersNeeded("clustered intervals need votes that name their voter")
    voters, voter = np.unique(votes.voter, return_inverse=True)
    by_difference, by_tie = vote_slopes(fitted, votes)
    rows, columns = [voter, voter], [votes.left, votes.right]
    values = [by_difference, -by_difference]
    n = len(fitted.strengths)
    if by_tie is not None:
        rows, columns, values = [*rows, voter], [*columns, np.full(len(votes), n)], [*values, by_tie]
    cells = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    sums = scipy.sparse.csr_matrix(cells, shape=(len(voters), len(fitted.inverse)))
    sums.sum_duplicates()
    return sums


def vote_slopes(fitted: Fit, votes: Votes) -> tuple[Matrix, Matrix | None]:
    """(N,) each: the weighted slopes of each vote's log-likelihood by θ_left - θ_right and by the tie parameter."""
    by_difference, by_tie = cell_slopes(fitted)
    at = (votes.outcome, votes.left, votes.right)
    weights = votes.weights
    return weights * by_difference[at], None if by_tie is None else weights * by_tie[at]


def cell_slopes(fitted: Fit) -> tuple[Matrix, Matrix | None]:
    """(4, n, n) each: the derivatives of the log-likelihood of one vote in each cell of counts.

    By θ_left - θ_right, and by the tie parameter where there is one. An outcome that the method leaves out has none.
    """
    won, even = fitted.model.single(differences(fitted.strengths), fitted.tie or 0.0)
    nothing = (np.zeros_like(even[0]), np.zeros_like(even[1]))
    # A win of the right one is seen from the other side, where d has the other sign.
    lost = (-won[0].T, won[1].T)
    both_bad = even if fitted.both_bad == "tie" else nothing
    by_difference, by_tie = (np.stack(slopes) for slopes in zip(won, lost, even, both_bad, strict=True))
    return by_difference, by_tie if fitted.tie is not None else None


def half_widths(variances: Matrix, level: float = LEVEL) -> Matrix:
    """(n,) points: half of each contender's own interval, from variances in squared natural-log units."""
    return NormalDist().inv_cdf((1 + level) / 2) * SCALE * np.sqrt(variances)


def limits(fitted: Fit, covariances: Matrix, level: float = LEVEL) -> Limits:
    """Each contender's own interval (not simultaneous), around the ratings.

    Args:
        fitted: the fit.
        covariances: from `covariance`.
        level: the probability, over many boards, that a contender's interval holds its strength.
    """
    half = half_widths(np.diagonal(covariances)[: len(fitted.strengths)], level)
    return Limits(fitted.ratings - half, fitted.ratings + half)
