r"""Maximum likelihood of the Bradley-Terry model on a dense matrix of wins. Pure.

The model: i beats j with probability p_ij = 1 / (1 + exp(θ_j - θ_i)). With W_ij the wins of i over j (a tie is half a
win for each side), the strengths θ maximise

    l(θ) = Σ_ij W_ij log p_ij,    Σ_i θ_i = 0.

Ratings are 1000 + (400 / ln 10) θ, so that 400 points are odds of ten to one, and their mean is 1000.

The maximum exists and is unique exactly if the graph "i beat j" is strongly connected (Ford 1957): nobody's strength
may run away from somebody else's. A graph in several pieces says nothing about differences between the pieces. Both
cases are errors here; a number that a prior or a stopping rule would give is not an estimate.

Sources: Bradley & Terry 1952, doi:10.2307/2334029; Ford 1957, doi:10.1080/00029890.1957.11989117; the solver, I-LSR of
choix: Maystre & Grossglauser 2015, arXiv:1506.07947 (choix.ilsr_pairwise_dense).

    RankingError
    ├── DisconnectedComparisons     the contenders fall into pieces that never met; `components`
    ├── SeparatedComparisons        some never lost, even by half, to the others; `groups`, strongest first
    └── NotConverged                the solver stopped before the maximum
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias

import choix
import numpy as np
from numpy.typing import NDArray

from arena.rankings.blas import one_thread
from arena.rankings.tallies import Matrix

Groups: TypeAlias = tuple[tuple[int, ...], ...]
Relation: TypeAlias = NDArray[np.bool_]

MEAN: Final = 1000.0
#: Rating points per natural-log unit of strength: 400 / ln 10.
SCALE: Final = 400.0 / float(np.log(10.0))
#: I-LSR stops when the L1 distance of two iterates is below this. It converges linearly, at 1e-8 the result is up to
#: 3e-7 points off; at 1e-12, for one or two steps more, less than 1e-8 (measured against Newton's method).
TOLERANCE: Final = 1e-12
MAX_ITERATIONS: Final = 5_000
#: The largest |score| accepted at the maximum, per comparison of the contender.
MAX_SCORE: Final = 1e-9


class RankingError(Exception):
    """The comparisons do not determine ratings."""


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


class NotConverged(RankingError):
    """The solver stopped before the maximum."""


@dataclass(frozen=True, eq=False)
class Fit:
    """The maximum of the likelihood.

    strengths: (n,) θ in natural-log units, mean 0. score: the largest |derivative of l| left, per comparison.
    """

    strengths: Matrix
    score: float
    tolerance: float = TOLERANCE

    @cached_property
    def ratings(self) -> Matrix:
        """(n,) points, mean 1000."""
        return MEAN + SCALE * self.strengths


def probabilities(strengths: Matrix) -> Matrix:
    """(n, n): p[i, j] = the probability that i beats j."""
    return np.asarray(1.0 / (1.0 + np.exp(strengths[np.newaxis, :] - strengths[:, np.newaxis])))


def components_of(wins: Matrix) -> Groups:
    """The pieces of the undirected graph "have met", each sorted, in order of their first members."""
    return tuple(sorted(_classes(_reachable(wins + wins.T))))


def groups_of(wins: Matrix) -> Groups:
    """The strongly connected groups of the graph "i beat j", strongest first.

    In a connected graph, an earlier group never lost to a later one, where they met. The members of a group are
    sorted; groups that no chain of wins orders come by their first members.
    """
    reach = _reachable(wins)
    # Whoever beats somebody reaches all that the other reaches, and more.
    reached = reach.sum(axis=1)
    return tuple(sorted(_classes(reach & reach.T), key=lambda group: (-int(reached[group[0]]), group)))


def _classes(alike: Relation) -> list[tuple[int, ...]]:
    """The classes of an equivalence: rows whose first partner is the same one."""
    members: dict[int, list[int]] = {}
    partners = alike.argmax(axis=1).tolist() if len(alike) else []
    for member, first in enumerate(partners):
        members.setdefault(first, []).append(member)
    return [tuple(group) for group in members.values()]


def _reachable(edges: Matrix) -> Relation:
    """(n, n): whether a chain of edges leads from i to j, by squaring; (i, i) is always True."""
    reach = (edges > 0) | np.eye(len(edges), dtype=bool)
    while True:
        # float32 goes through BLAS; only zero or not matters.
        further = (reach.astype(np.float32) @ reach.astype(np.float32)) > 0
        if np.array_equal(further, reach):
            return reach
        reach = further


def fit(wins: Matrix) -> Fit:
    """Maximise the likelihood.

    Args:
        wins: (n, n) float, wins[i, j] = how often i beat j, ties as half a win for each; zero diagonal. n ≥ 1.

    Raises:
        ValueError: not such a matrix.
        DisconnectedComparisons: some never met; lists the components as tuples of row numbers.
        SeparatedComparisons: the maximum does not exist; lists the groups in order, strongest first.
        NotConverged: the solver stopped early.
    """
    wins = _checked(wins)
    with one_thread():
        _require_maximum(wins)
        if len(wins) == 1:
            return Fit(np.zeros(1), 0.0)
        try:
            strengths = choix.ilsr_pairwise_dense(wins, max_iter=MAX_ITERATIONS, tol=TOLERANCE)
        except RuntimeError as error:
            raise NotConverged(str(error)) from error
        strengths = strengths - strengths.mean()
        score = _largest_score(wins, strengths)
    if not score <= MAX_SCORE:
        raise NotConverged(f"a score of {score:.2g} per comparison is left")
    return Fit(strengths, score)


def _checked(wins: Matrix) -> Matrix:
    wins = np.asarray(wins, dtype=np.float64)
    if wins.ndim != 2 or wins.shape[0] != wins.shape[1] or not len(wins):
        raise ValueError(f"wins must be a square matrix of at least one row, not {wins.shape}")
    if not np.isfinite(wins).all() or (wins < 0).any() or np.diagonal(wins).any():
        raise ValueError("wins must be finite and not negative, and nobody meets itself")
    return wins


def _require_maximum(wins: Matrix) -> None:
    components = components_of(wins)
    if len(components) > 1:
        raise DisconnectedComparisons(components)
    groups = groups_of(wins)
    if len(groups) > 1:
        raise SeparatedComparisons(groups)


def _largest_score(wins: Matrix, strengths: Matrix) -> float:
    met = wins + wins.T
    scores = (wins - met * probabilities(strengths)).sum(axis=1)
    return float(np.abs(scores / met.sum(axis=1)).max())
