r"""Three ways to read an even vote, each as a likelihood of one pair's votes. Pure.

With d = θ_i - θ_j the difference of strengths, σ the logistic function, and A_ij decisive wins of i over j, T_ij ties:

    half         log-likelihood  (A_ij + T_ij/2) log σ(d) + (A_ji + T_ij/2) log σ(-d)      no tie parameter
    davidson     P(i) = e^{d/2} / D,  P(tie) = ν / D,  D = e^{d/2} + e^{-d/2} + ν          parameter log ν
    rao-kupper   P(i) = σ(d - η),  P(j) = σ(-d - η),  P(tie) = the rest                    parameter η > 0

Sources: half wins as a quasi-likelihood: Wedderburn 1974, doi:10.1093/biomet/61.3.439; Davidson 1970,
doi:10.1080/01621459.1970.10481082; Rao & Kupper 1967, doi:10.1080/01621459.1967.10482901.
"""

from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

import numpy as np

from arena.rankings.tallies import Matrix
from arena.rankings.terms import Ties

Slopes: TypeAlias = tuple[Matrix, Matrix]


@dataclass(frozen=True, slots=True)
class Derivatives:
    """First or squared derivatives of the pairs' log-likelihoods.

    In `slope`: by_difference (n, n), antisymmetric, is that of each pair by d; by_tie is the total by the tie
    parameter. In `curvature` (minus the second derivatives) and `outer` (sums of squared single-vote slopes):
    difference (n, n), symmetric; mixed (n, n), antisymmetric; tie, the total.
    """

    difference: Matrix
    mixed: Matrix | None
    tie: float


class TieModel(Protocol):
    """A likelihood of pairs' votes. In each method: decisive, ties (n, n) counts; d (n, n); tie, the parameter."""

    has_parameter: bool

    def start(self, decisive: Matrix, ties: Matrix) -> float:
        """The tie parameter among equals."""

    def slope(self, decisive: Matrix, ties: Matrix, d: Matrix, tie: float) -> Derivatives:
        """First derivatives; `mixed` is None."""

    def curvature(self, decisive: Matrix, ties: Matrix, d: Matrix, tie: float) -> Derivatives:
        """Minus the second derivatives."""

    def single(self, d: Matrix, tie: float) -> tuple[Slopes, Slopes]:
        """The first derivatives of one win of i over j, and of one tie, each by (d, the tie parameter): (n, n)."""

    def chances(self, d: Matrix, tie: float) -> tuple[Matrix, Matrix]:
        """(n, n): the probabilities of a win of i and of a tie, as the model has them."""


def logistic(d: Matrix) -> Matrix:
    """1 / (1 + exp(-d))."""
    return np.asarray(1.0 / (1.0 + np.exp(-d)))


class Half:
    """A tie is half a win for each side."""

    has_parameter = False

    def start(self, decisive: Matrix, ties: Matrix) -> float:  # noqa: ARG002 - the protocol's
        """No parameter."""
        return 0.0

    def slope(self, decisive: Matrix, ties: Matrix, d: Matrix, tie: float) -> Derivatives:  # noqa: ARG002
        """Score minus expected score."""
        met = decisive + decisive.T + ties
        return Derivatives(decisive + ties / 2 - met * logistic(d), None, 0.0)

    def curvature(self, decisive: Matrix, ties: Matrix, d: Matrix, tie: float) -> Derivatives:  # noqa: ARG002
        """Met times p (1 - p)."""
        p = logistic(d)
        return Derivatives((decisive + decisive.T + ties) * p * p.T, None, 0.0)

    def single(self, d: Matrix, tie: float) -> tuple[Slopes, Slopes]:  # noqa: ARG002
        """Residuals."""
        p, nothing = logistic(d), np.zeros_like(d)
        return (p.T, nothing), (0.5 - p, nothing)

    def chances(self, d: Matrix, tie: float) -> tuple[Matrix, Matrix]:  # noqa: ARG002
        """A win plus half a tie; ties are not modelled."""
        return logistic(d), np.zeros_like(d)


class Davidson:
    """Ties as likely as the geometric mean of the two wins, times ν."""

    has_parameter = True

    def start(self, decisive: Matrix, ties: Matrix) -> float:
        """log ν = log (2 ties / decisive)."""
        return float(np.log(ties.sum() / decisive.sum()))

    def chances(self, d: Matrix, tie: float) -> tuple[Matrix, Matrix]:
        """(n, n): win of i, tie."""
        even = np.exp(tie - d / 2)
        win = 1.0 / (1.0 + np.exp(-d) + even)
        return np.asarray(win), np.asarray(even * win)

    def slope(self, decisive: Matrix, ties: Matrix, d: Matrix, tie: float) -> Derivatives:
        """Sufficient statistics minus their expectation."""
        win, even = self.chances(d, tie)
        met = decisive + decisive.T + ties
        by_difference = (decisive - decisive.T - met * (win - win.T)) / 2
        return Derivatives(by_difference, None, float((ties - met * even).sum()) / 2)

    def curvature(self, decisive: Matrix, ties: Matrix, d: Matrix, tie: float) -> Derivatives:
        """The covariance of the sufficient statistics."""
        win, even = self.chances(d, tie)
        met, lead = decisive + decisive.T + ties, win - win.T
        difference = met * (win + win.T - lead**2) / 4
        return Derivatives(difference, -met * lead * even / 2, float((met * even * (1 - even)).sum()) / 2)

    def single(self, d: Matrix, tie: float) -> tuple[Slopes, Slopes]:
        """Statistics minus their expectation."""
        win, even = self.chances(d, tie)
        lead = (win - win.T) / 2
        return (0.5 - lead, -even), (-lead, 1 - even)


class RaoKupper:
    """A difference below a threshold is not seen."""

    has_parameter = True

    def start(self, decisive: Matrix, ties: Matrix) -> float:
        """The η where the share of ties t is that among equals: t = tanh(η/2)."""
        total = decisive.sum() + ties.sum() / 2
        return float(2 * np.arctanh(ties.sum() / 2 / total))

    def chances(self, d: Matrix, tie: float) -> tuple[Matrix, Matrix]:
        """(n, n): win of i, tie."""
        win = logistic(d - tie)
        # Not win.T: at the limits of differences, d is not antisymmetric.
        return win, np.expm1(2 * tie) * win * logistic(-d - tie)

    def slope(self, decisive: Matrix, ties: Matrix, d: Matrix, tie: float) -> Derivatives:
        """See the protocol."""
        win = logistic(d - tie)
        won = decisive * (1 - win)
        total = -won.sum() + (ties * (self._pull(tie) - (2 - win - win.T))).sum() / 2
        return Derivatives(won - won.T + ties * (win.T - win), None, float(total))

    def curvature(self, decisive: Matrix, ties: Matrix, d: Matrix, tie: float) -> Derivatives:
        """See the protocol."""
        win = logistic(d - tie)
        part = (decisive + ties) * win * (1 - win)
        bend = ties.sum() / 2 * 4 * np.exp(2 * tie) / np.expm1(2 * tie) ** 2
        return Derivatives(part + part.T, part.T - part, float(part.sum() + bend))

    def single(self, d: Matrix, tie: float) -> tuple[Slopes, Slopes]:
        """See the protocol."""
        win = logistic(d - tie)
        return (1 - win, win - 1), (win.T - win, self._pull(tie) - (2 - win - win.T))

    @staticmethod
    def _pull(tie: float) -> float:
        """d/dη log(e^{2η} - 1)."""
        return float(-2.0 / np.expm1(-2.0 * tie))


def outer(model: TieModel, decisive: Matrix, ties: Matrix, d: Matrix, tie: float) -> Derivatives:
    """Sums over single votes of the products of their first derivatives; arguments as in `TieModel`.

    A loss of i is a win of j, for whom d has the other sign.
    """
    (won, won_tie), (even, even_tie) = model.single(d, tie)
    square, mixed = decisive * won**2, decisive * won * won_tie
    total = (decisive * won_tie**2).sum() + (ties * even_tie**2).sum() / 2
    return Derivatives(square + square.T + ties * even**2, mixed - mixed.T + ties * even * even_tie, float(total))


MODELS: Final[dict[Ties, TieModel]] = {"half": Half(), "davidson": Davidson(), "rao-kupper": RaoKupper()}
