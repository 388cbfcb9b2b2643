r"""Intervals that hold at every look: confidence sequences for a board that is watched while votes come in. Pure.

A 95 % interval holds at one look chosen beforehand. Whoever looks daily sees it miss sooner or later (about a third of
the contenders over fifty looks). With the information I = 1 / se² of a rating, the interval

    rating ± se √((1 + 1/(Iρ²)) ln((Iρ² + 1) / α²))

holds at all looks together with probability 1 - α, as votes grow in number (Robbins' normal mixture in its asymptotic
form). ρ sets the look at which it is narrowest; ours is a standard error of 10 points, a board that begins to be
worth reading. It is 1.5 to 2 times as wide as the interval of a single look.

Sources: Robbins 1970, doi:10.1214/aoms/1177696786; Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2024,
doi:10.1214/24-AOS2408.
"""

from typing import Final

import numpy as np

from arena.rankings.tallies import Matrix

#: The standard error, in points, at which the sequence is narrowest against an interval of one look.
TUNED_POINTS: Final = 10.0


def half_widths(errors: Matrix, level: float, *, together: bool) -> Matrix:
    """(n,): half of each contender's interval, in the unit of the errors.

    Args:
        errors: (n,) standard errors in points.
        level: the probability that an interval holds at every look.
        together: whether that is the probability that all n hold at every look (by Bonferroni's inequality).
    """
    alpha = (1 - level) / (len(errors) if together else 1)
    growth = _tuned(alpha) * (TUNED_POINTS / errors) ** 2
    return np.asarray(errors * np.sqrt((1 + 1 / growth) * np.log((growth + 1) / alpha**2)))


def _tuned(alpha: float) -> float:
    """Iρ² at the look where the width is least, to first order; Waudby-Smith et al., appendix on tuning ρ."""
    log = -2 * np.log(alpha)
    return float(log + np.log(log + 1))
