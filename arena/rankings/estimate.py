"""Strengths with everything that is known about their error, for contenders whose votes determine them. Pure."""

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from arena.rankings.bootstrap import replicated_strengths
from arena.rankings.bradley_terry import Fit, fit
from arena.rankings.intervals import Limits, covariance, hardly_varying, limits
from arena.rankings.method import CLUSTERED, PRIOR, Method
from arena.rankings.simultaneous import difference_deviations
from arena.rankings.tallies import Counts, Matrix, Votes
from arena.rankings.terms import SCALE
from arena.rankings.tie_models import MODELS


@dataclass(frozen=True, slots=True)
class TieParameter:
    """ν of Davidson (0 or more), or e^η of Rao and Kupper (1 or more), with its interval.

    Without a single tie the value is at its edge, and `upper` is None: there is no interval of this kind.
    """

    value: float
    lower: float
    upper: float | None


@dataclass(frozen=True, eq=False)
class Estimate:
    """Of m contenders.

    covariance: (m, m), squared natural-log units. own: each contender's interval, in points around a mean of 1000.
    replicates: (b, m) strengths of a bootstrap, or None.
    """

    fitted: Fit
    covariance: Matrix
    own: Limits
    tie: TieParameter | None
    replicates: Matrix | None

    @property
    def errors(self) -> Matrix:
        """(m,): standard errors in points."""
        return SCALE * np.sqrt(np.diagonal(self.covariance))


@dataclass(frozen=True, eq=False)
class WinMatrix:
    """p[i, j], lower, upper: (m, m), the probability that i is preferred to j, with intervals each by itself.

    p is a win plus half a tie. tie: (m, m), a tie, under a model of ties. The intervals are about the strengths; a tie
    parameter is taken as known. The diagonals hold nothing (NaN).
    """

    p: Matrix
    lower: Matrix
    upper: Matrix
    tie: Matrix | None


def estimate(counts: Counts, method: Method, votes: Votes | None = None, *, regularised: bool = False) -> Estimate:
    """Fit, and measure the error.

    Args:
        counts: of n contenders.
        method: the settings.
        votes: the votes behind the counts, with voters; for clustered intervals only.
        regularised: with imagined votes, for counts that do not determine ratings.

    Raises:
        RankingError: see `bradley_terry.fit`.
        VotersNeeded: clustered, without voters.
    """
    fitted = fit(counts, method.ties, method.both_bad, prior=PRIOR if regularised else 0.0)
    if method.intervals.endswith("bootstrap") and not regularised:
        return _bootstrapped(fitted, counts, method, votes)
    full = covariance(fitted, counts, "clustered" if method.intervals in CLUSTERED else method.intervals, votes)  # type: ignore[arg-type]
    variances = full[: counts.n, : counts.n]
    return Estimate(fitted, variances, limits(fitted, variances, method.level), _tie(fitted, method, full), None)


def _bootstrapped(fitted: Fit, counts: Counts, method: Method, votes: Votes | None) -> Estimate:
    source = votes if method.intervals in CLUSTERED else None
    replicates = replicated_strengths(fitted, counts, method.replicates, method.seed, source)
    found = np.cov(replicates, rowvar=False)
    closed = covariance(fitted, counts)
    # Where the votes of a contender do not vary, replicates do not either: the closed form knows what to do.
    if hardly_varying(found, fitted.inverse[: counts.n, : counts.n]).any():
        variances = closed[: counts.n, : counts.n]
        return Estimate(fitted, variances, limits(fitted, variances, method.level), _tie(fitted, method, closed), None)
    low, high = np.quantile(replicates, [(1 - method.level) / 2, (1 + method.level) / 2], axis=0)
    shift = fitted.ratings - SCALE * fitted.strengths
    own = Limits(shift + SCALE * low, shift + SCALE * high)
    return Estimate(fitted, found, own, _tie(fitted, method, closed), replicates)


def _tie(fitted: Fit, method: Method, full: Matrix) -> TieParameter | None:
    if method.ties == "half":
        return None
    edge = 1.0 if method.ties == "rao-kupper" else 0.0
    if fitted.tie is None:
        return TieParameter(edge, edge, None)
    half = NormalDist().inv_cdf((1 + method.level) / 2) * float(np.sqrt(full[-1, -1]))
    value, lower, upper = (float(np.exp(fitted.tie + sign * half)) for sign in (0, -1, 1))
    return TieParameter(value, max(lower, edge), upper)


def win_matrix(found: Estimate, level: float = 0.95) -> WinMatrix:
    """P(row preferred to column), from the differences of strengths and their errors."""
    strengths = found.fitted.strengths
    d = strengths[:, np.newaxis] - strengths[np.newaxis, :]
    half = NormalDist().inv_cdf((1 + level) / 2) * difference_deviations(found.covariance)
    np.fill_diagonal(half, np.nan)
    tie: Any = found.fitted.tie
    model = found.fitted.model if tie is not None else MODELS["half"]
    (win, even), *limits_of = (
        model.chances(d + sign * half, tie or 0.0) for sign in (np.where(np.isnan(half), np.nan, 0.0), -1.0, 1.0)
    )
    lower, upper = (won + tied / 2 for won, tied in limits_of)
    return WinMatrix(win + even / 2, lower, upper, None if tie is None else even)
