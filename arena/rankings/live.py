"""Ratings that move with every vote, between two fits. Pure.

After a fit with the inverse Hessian H⁺, one more vote of score s between i and j moves the strengths by a Newton step,

    Δθ = H⁺(e_i - e_j) (s - p) / (1 + p (1 - p) c),    c = (e_i - e_j)ᵀ H⁺ (e_i - e_j),

which reads two columns of H⁺ and costs O(n). The error of a step is of second order (measured: below 0.02 points for
one vote on a board of 1e5) and adds up, so that a true fit has to replace the moved ratings every few seconds.
"""

import numpy as np

from arena.rankings.bradley_terry import Fit
from arena.rankings.tallies import Matrix
from arena.rankings.terms import MEAN, SCALE, BothBad
from arena.votes.outcome import Outcome

_SCORES = {Outcome.LEFT: 1.0, Outcome.RIGHT: 0.0, Outcome.TIE: 0.5, Outcome.BOTH_BAD: 0.5}


class Live:
    """The ratings of one fit with half wins, moved by single votes."""

    def __init__(self, fitted: Fit) -> None:
        if fitted.ties != "half":
            raise ValueError("only half wins can be moved vote by vote")
        self._inverse = fitted.inverse
        self._both_bad: BothBad = fitted.both_bad
        self.strengths: Matrix = fitted.strengths.copy()

    @property
    def ratings(self) -> Matrix:
        """(n,) points, mean 1000."""
        return MEAN + SCALE * self.strengths

    def move(self, left: int, right: int, outcome: Outcome) -> None:
        """Add one vote.

        Args:
            left: row of a contender of the fit.
            right: row of another one.
            outcome: an outcome that the fit leaves out moves nothing.
        """
        if outcome is Outcome.BOTH_BAD and self._both_bad != "tie":
            return
        p = 1.0 / (1.0 + float(np.exp(self.strengths[right] - self.strengths[left])))
        direction = self._inverse[left] - self._inverse[right]
        leverage = float(direction[left] - direction[right])
        self.strengths += direction * ((_SCORES[outcome] - p) / (1.0 + p * (1.0 - p) * leverage))
