"""What the graph "i beat j" says about whom can be compared. Pure.

The maximum of the likelihood exists and is unique exactly if the graph is strongly connected (Ford 1957,
doi:10.1080/00029890.1957.11989117): nobody's strength may run away from somebody else's. A graph in several pieces
says nothing about differences between the pieces.

A model of ties asks for more: its tie parameter must not run away either. It does if there are levels δ with
δ_i - δ_j ≥ 1 wherever i ever won against j and |δ_i - δ_j| ≤ 1 wherever they tied, because then more and more ties
between ever wider levels explain the votes better and better (the recession direction of Davidson's and of Rao and
Kupper's likelihood). Levels exist exactly if these inequalities have no cycle of negative sum.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from arena.rankings.tallies import Matrix

Groups: TypeAlias = tuple[tuple[int, ...], ...]
Relation: TypeAlias = NDArray[np.bool_]


def components_of(wins: Matrix) -> Groups:
    """The pieces of the undirected graph "have met", each sorted, in order of their first members.

    Args:
        wins: (n, n), wins[i, j] > 0 where i beat j, also by half.
    """
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


def ties_run_away(decisive: Matrix, even: Matrix) -> bool:
    """Whether the tie parameter of a model of ties has no upper bound.

    Args:
        decisive: (n, n), decisive[i, j] > 0 where i beat j.
        even: (n, n), symmetric, > 0 where i and j tied.
    """
    if ((decisive > 0) & (decisive.T > 0)).any():
        return False  # two that beat each other are a cycle of -2
    # δ_j ≤ δ_i + step[i, j]; Bellman and Ford's relaxation settles within n rounds exactly without a negative cycle.
    step = np.where(decisive > 0, -1.0, np.where(even > 0, 1.0, np.inf))
    level = np.zeros(len(decisive))
    for _round in range(len(decisive)):
        lower = np.minimum(level, (level[:, np.newaxis] + step).min(axis=0))
        if np.array_equal(lower, level):
            return True
        level = lower
    return False


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
    while not reach.all():
        # float32 goes through BLAS; only zero or not matters.
        further = (reach.astype(np.float32) @ reach.astype(np.float32)) > 0
        if np.array_equal(further, reach):
            break
        reach = further
    return reach
