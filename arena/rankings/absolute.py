r"""How often a contender's battles end with "both are bad": a rate that needs no model. Pure.

With k of n votes, the interval is Wilson's, which is never of width zero: it is centred at (k + z²/2) / (n + z²).

Source: Wilson 1927, doi:10.1080/01621459.1927.10502953; Brown, Cai & DasGupta 2001, doi:10.1214/ss/1009213286.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from arena.rankings.tallies import Counts, Matrix


@dataclass(frozen=True, eq=False)
class Rates:
    """rate, lower, upper: (n,), shares of a contender's votes; NaN without votes."""

    rate: Matrix
    lower: Matrix
    upper: Matrix


def both_bad_rates(counts: Counts, level: float) -> Rates:
    """The share of each contender's votes that say that both are bad; weights do not matter."""
    votes = counts.votes()
    cells = (counts.cells if counts.numbers is None else counts.numbers)[3]
    bad = cells.sum(axis=0) + cells.sum(axis=1)
    z = NormalDist().inv_cdf((1 + level) / 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = bad / votes
        centre = (bad + z**2 / 2) / (votes + z**2)
        half = z / (votes + z**2) * np.sqrt(votes * rate * (1 - rate) + z**2 / 4)
    return Rates(rate, centre - half, centre + half)
