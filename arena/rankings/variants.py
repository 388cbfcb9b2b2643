"""The ways in which the boards of an arena are made and stored: the usual one, and those that need single votes. Pure.

The usual board is computed from counts, after every few votes. Taking the votes of one voter together, or weighting a
vote by one over the logged probability of its pair, needs the votes themselves: these boards follow now and then.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, Literal, TypeAlias

from arena.rankings.method import CLUSTERED, Method

Weights: TypeAlias = Literal["one", "inverse-propensity"]
#: Every vote counts 1 / (probability that its pair was drawn), divided by the mean of these weights.
INVERSE_PROPENSITY: Final = "inverse-propensity"

#: How the live boards are made.
METHOD: Final = Method()
USUAL: Final = ""
#: By the name that a snapshot stores.
VARIANTS: Final[Mapping[str, Method]] = {
    USUAL: METHOD,
    "clustered": replace(METHOD, intervals="clustered"),
    "weighted": replace(METHOD, weights=INVERSE_PROPENSITY),
    "weighted-clustered": replace(METHOD, intervals="clustered", weights=INVERSE_PROPENSITY),
}


def needs_votes(method: Method) -> bool:
    """Whether counts are not enough for it."""
    return method.intervals in CLUSTERED or method.weights == INVERSE_PROPENSITY


def variant_of(method: Method) -> str | None:
    """The name of the stored variant that is made by this method; None where no such boards are kept."""
    return next((name for name, one in VARIANTS.items() if one == method), None)
