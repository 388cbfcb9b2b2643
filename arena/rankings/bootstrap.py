r"""Seeded bootstrap replicates of strengths: by vote from counts, or by voter. Pure.

A replicate draws as many votes as there are, with replacement: the cells of the counts are then multinomial. By voter,
it draws as many voters as there are and takes all their votes with them.

Replicates of half wins are fitted many at a time, by Newton's steps with the inverse Hessian of the original fit,
which is nearly that of every replicate (chord steps). Convergence is checked for each one; what does not converge so,
and every replicate of a model of ties, gets a fit of its own. A replicate whose graph falls apart has no maximum: it
is drawn again, and too many of those are an error.

Sources: Efron 1979, doi:10.1214/aos/1176344552; clusters: Field & Welsh 2007, doi:10.1111/j.1467-9868.2007.00593.x;
chord method: Ortega & Rheinboldt 1970, doi:10.1137/1.9780898719468.
"""

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
import scipy
from numpy.typing import NDArray

from arena.rankings.blas import one_thread
from arena.rankings.bradley_terry import Fit, RankingError, fit
from arena.rankings.intervals import VotersNeeded
from arena.rankings.tallies import Counts, Matrix, Votes, count

#: Draws per replicate, on average, after which a bootstrap is given up.
REDRAWS: Final = 3
#: With fewer votes per cell, drawing votes one by one is faster than drawing a number for each cell.
VOTES_PER_CELL: Final = 12
#: Pairs times replicates fitted at a time, so that they stay in the cache.
BUDGET: Final = 200_000
CHORD_STEPS: Final = 40
#: Natural-log units; far below the spread of replicates.
CHORD_TOLERANCE: Final = 1e-7


class NoReplicates(RankingError):
    """Most replicates fall apart: too few votes for a bootstrap."""


def replicated_strengths(fitted: Fit, counts: Counts, number: int, seed: int, votes: Votes | None = None) -> Matrix:
    """Strengths of bootstrap replicates; the same arguments give the same bits.

    Args:
        fitted: the fit of `counts`.
        counts: what was fitted; numbers of votes, unless voters are drawn.
        number: of replicates.
        seed: of the draws.
        votes: the votes behind the counts with their voters, to draw voters instead of votes.

    Returns:
        (number, n) natural-log units, each row of mean 0.

    Raises:
        ValueError: weighted votes without voters to draw.
        VotersNeeded: votes without voters.
        NoReplicates: see there.
    """
    if votes is None and counts.squares is not None:
        raise ValueError("weighted votes can only be drawn by voter")
    rng = np.random.default_rng(seed)
    found: list[Matrix] = []
    with one_thread():
        pairs = _Pairs(fitted, counts)
        draws = _by_vote(pairs.drawn_from(counts), rng) if votes is None else _by_voter(pairs, votes, counts.n, rng)
        for _block in range(0, REDRAWS * number, pairs.block):
            found += pairs.fitted_many([next(draws) for _replicate in range(min(pairs.block, number - len(found)))])
            if len(found) == number:
                return np.array(found)
    raise NoReplicates(f"only {len(found)} of {number} replicates have a maximum")


def _by_vote(cells: Matrix, rng: np.random.Generator) -> Iterator[Matrix]:
    filled = np.flatnonzero(cells)
    draw = _drawing(cells.ravel()[filled].astype(np.int64), rng)
    while True:
        drawn = np.zeros(cells.size)
        drawn[filled] = draw()
        yield drawn.reshape(cells.shape)


def _drawing(numbers: NDArray[np.int64], rng: np.random.Generator) -> Callable[[], NDArray[np.int64]]:
    """How to draw as many votes as there are from cells with these numbers of votes."""
    total, size = int(numbers.sum()), len(numbers)
    if total > VOTES_PER_CELL * size:
        return lambda: rng.multinomial(total, numbers / total)
    cell = np.repeat(np.arange(size, dtype=np.int32), numbers)
    # All are in range; "clip" only saves the check.
    return lambda: np.bincount(cell.take(rng.integers(0, total, total), mode="clip"), minlength=size)


def _by_voter(pairs: "_Pairs", votes: Votes, n: int, rng: np.random.Generator) -> Iterator[Matrix]:
    if votes.voter is None:
        raise VotersNeeded("a bootstrap by voter needs votes that name their voter")
    voters, voter = np.unique(votes.voter, return_inverse=True)
    while True:
        times = np.bincount(rng.integers(0, len(voters), len(voters)), minlength=len(voters))
        yield pairs.drawn_from(count(Votes(votes.left, votes.right, votes.outcome, votes.weights * times[voter]), n))


class _Pairs:
    """Fits replicates on the p pairs that met.

    Drawn are (3, p) votes: won by the first, won by the second, even. Other matrices are (p, b) or (n, b) for b
    replicates.
    """

    def __init__(self, fitted: Fit, counts: Counts) -> None:
        self.fitted, self.n = fitted, counts.n
        wins = counts.wins(fitted.both_bad)
        self.first, self.second = np.nonzero(np.triu(wins + wins.T))
        size = len(self.first)
        signs = np.concatenate([np.ones(size), -np.ones(size)])
        rows, columns = np.concatenate([self.first, self.second]), np.tile(np.arange(size), 2)
        self.onto_contenders = scipy.sparse.csr_matrix((signs, (rows, columns)), shape=(counts.n, size))
        self.block = max(1, BUDGET // max(size, 1))

    def drawn_from(self, counts: Counts) -> Matrix:
        """The votes of each pair; sides do not matter."""
        decisive, even = counts.decisive, counts.halves(self.fitted.both_bad)
        there, back = (self.first, self.second), (self.second, self.first)
        return np.stack([decisive[there], decisive[back], even[there]])

    def counts_of(self, drawn: Matrix) -> Counts:
        """The other way round."""
        decisive, even = np.zeros((2, self.n, self.n))
        decisive[self.first, self.second], decisive[self.second, self.first], even[self.first, self.second] = drawn
        return Counts.of(decisive, even)

    def fitted_many(self, drawn: list[Matrix]) -> list[Matrix]:
        """The strengths of those replicates that have a maximum."""
        converged = np.zeros(len(drawn), dtype=bool)
        if self.fitted.ties == "half":
            strengths, converged = self._chord(np.stack(drawn, axis=-1))
        found = []
        for place, one in enumerate(drawn):
            if converged[place]:
                found.append(strengths[:, place])
                continue
            try:
                found.append(fit(self.counts_of(one), self.fitted.ties).strengths)
            except RankingError:
                continue
        return found

    def _chord(self, drawn: Matrix) -> tuple[Matrix, NDArray[np.bool_]]:
        """(n, b) strengths, and which of them are maxima, of (3, p, b) votes."""
        replicates = drawn.shape[-1]
        met = drawn.sum(axis=0)
        won = drawn[0] + drawn[2] / 2
        inverse = self.fitted.inverse
        strengths = np.repeat(self.fitted.strengths[:, np.newaxis], replicates, axis=1)
        longest = np.full(replicates, np.inf)
        for _step in range(CHORD_STEPS):
            expected = strengths[self.second] - strengths[self.first]
            np.exp(expected, out=expected)
            expected += 1.0
            np.divide(met, expected, out=expected)
            steps = inverse @ (self.onto_contenders @ (won - expected))
            strengths += steps
            longest = np.abs(steps).max(axis=0)
            if (longest <= CHORD_TOLERANCE).all():
                break
        return strengths, longest <= CHORD_TOLERANCE
