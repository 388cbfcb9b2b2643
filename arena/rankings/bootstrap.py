r"""Seeded bootstrap replicates of strengths: by vote from counts, or by voter. Pure.

A replicate draws as many votes as there are, with replacement: the cells of the counts are then multinomial. By voter,
it draws as many voters as there are and takes all their votes. All replicates are fitted together by Newton's steps
with the one Hessian of the original fit (chord steps), whose inverse is known; each ends by a true Newton step where
that does not converge. A replicate whose graph falls apart has no maximum and is drawn again.

Sources: Efron 1979, doi:10.1214/aos/1176344552; clusters: Field & Welsh 2007, doi:10.1111/j.1467-9868.2007.00593.x.
"""

from typing import Final

import numpy as np

from arena.rankings.blas import one_thread
from arena.rankings.bradley_terry import Fit, RankingError, fit
from arena.rankings.intervals import VotersNeeded
from arena.rankings.tallies import Counts, Matrix, Votes, count

#: Redraws allowed per replicate, for those without a maximum.
REDRAWS: Final = 20


class NoReplicates(RankingError):
    """Nearly every replicate falls apart: too few votes for a bootstrap."""


def replicated_strengths(fitted: Fit, counts: Counts, number: int, seed: int, votes: Votes | None = None) -> Matrix:
    """Strengths of bootstrap replicates.

    Args:
        fitted: the fit of `counts`.
        counts: whole numbers; weighted votes can only be drawn by voter.
        number: of replicates.
        seed: the same gives the same bits.
        votes: votes with voters, to draw voters instead of votes.

    Returns:
        (number, n) natural-log units, each row of mean 0.

    Raises:
        VotersNeeded: votes without voters.
        NoReplicates: too many draws without a maximum.
    """
    rng = np.random.default_rng(seed)
    with one_thread():
        replicates = []
        for _try in range(number * REDRAWS):
            drawn = _drawn(counts, rng) if votes is None else _drawn_voters(votes, counts.n, rng)
            try:
                replicates.append(fit(drawn, fitted.ties, fitted.both_bad, start=fitted.strengths).strengths)
            except RankingError:
                continue
            if len(replicates) == number:
                return np.array(replicates)
    raise NoReplicates(f"only {len(replicates)} of {number} replicates have a maximum")


def _drawn(counts: Counts, rng: np.random.Generator) -> Counts:
    cells = counts.cells.ravel()
    total = cells.sum()
    return Counts(rng.multinomial(round(total), cells / total).astype(float).reshape(counts.cells.shape))


def _drawn_voters(votes: Votes, n: int, rng: np.random.Generator) -> Counts:
    if votes.voter is None:
        raise VotersNeeded("a bootstrap by voter needs votes that name their voter")
    voters, voter = np.unique(votes.voter, return_inverse=True)
    times = np.bincount(rng.integers(0, len(voters), len(voters)), minlength=len(voters))
    return count(Votes(votes.left, votes.right, votes.outcome, votes.weights * times[voter]), n)
