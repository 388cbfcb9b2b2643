"""Fits the reference routers on the training part. Pure; the same votes, options and seed give the same router.

- `cluster_bt`: k-means of the prompts' vectors, then strengths per cluster with a prior around those of all votes.
- `knn`: keeps the training votes; see `arena.policies.routers.KnnRouter`.
- `mf`: θ_m(x) = b_m + u_m · P x, by maximum a posteriori of Bradley-Terry with normal priors on b, u and P, from the
  first directions of the vectors (truncated singular values). It is the bilinear form of RouteLLM's matrix
  factorisation (Ong et al. 2024, arXiv:2406.18665), trained on ties as half wins as well.

How many clusters, neighbours or factors is chosen by the log loss on the validation part; the test part is not seen.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, TypeAlias

import numpy as np
import scipy

from arena.policies.embedding import Vectors
from arena.policies.routers import ClusterRouter, FactorRouter, KnnRouter, Numbers, Router, nearest
from arena.policies.strengths import PRIOR_ALL, PRIOR_CLUSTER, Array, fitted
from data_releases.routers import CannotTrain, UnknownPolicy
from data_releases.routers.prediction import log_losses, losses
from data_releases.routers.votes import Votes

#: kNN keeps its votes: beyond so many a seeded sample.
MAX_KEPT: Final = 50_000
#: Standard deviation of the priors of factors and projection; their product moves strengths like a cluster does.
PRIOR_FACTORS: Final = PRIOR_CLUSTER**0.5
_MAX_ROUNDS: Final = 500

Options: TypeAlias = dict[str, int]


@dataclass(frozen=True, slots=True)
class Policy:
    """One kind of router: how it is fitted, the option that is chosen, and from which values (in this order)."""

    fit: Callable[[Votes, int, int, int], Router]
    option: str
    values: tuple[int, ...]
    meaning: str


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted router. `tried`: value of the option → mean log loss on the validation part."""

    router: Router
    options: Options
    tried: Mapping[int, float]


def fit(policy: str, train: Votes, validation: Votes, members: int, seed: int) -> Fit:
    """Fit a policy; its option is chosen on the validation part, or is the first value where that has no vote.

    Raises:
        UnknownPolicy: it is none of `POLICIES`.
    """
    if policy not in POLICIES:
        raise UnknownPolicy(f"{policy!r} is none of {', '.join(POLICIES)}")
    kind, usable = POLICIES[policy], validation.where(validation.between_members)
    # One cluster or neighbour for every ten votes at most, or nothing is learnt from each.
    values = [value for value in kind.values if value <= max(len(train) // 10, kind.values[0])]
    if not len(usable):
        values = values[:1]
    routers = {value: kind.fit(train, members, value, seed) for value in values}
    tried = {value: float(log_losses(router, usable).mean()) for value, router in routers.items() if len(usable)}
    best = min(tried, key=lambda value: (tried[value], value)) if tried else values[0]
    return Fit(routers[best], {kind.option: best}, tried)


def win_matrix(votes: Votes, members: int) -> Array:
    """(members, members), entry i, j = how often i was preferred to j, ties as half; of votes between members."""
    wins = np.zeros((members, members))
    np.add.at(wins, (votes.left, votes.right), votes.score)
    np.add.at(wins, (votes.right, votes.left), 1.0 - votes.score)
    return wins


def overall(votes: Votes, members: int) -> Array:
    """(members,) the strengths by all training votes together."""
    return fitted(win_matrix(votes, members), np.zeros(members), PRIOR_ALL)


def _fit_clusters(train: Votes, members: int, clusters: int, seed: int) -> ClusterRouter:
    centres = _centres(train.vectors, clusters, seed)
    own, prior = nearest(centres, train.vectors), overall(train, members)
    wins = np.array([win_matrix(train.where(own == number), members) for number in range(len(centres))])
    return ClusterRouter(centres, fitted(wins, prior, PRIOR_CLUSTER))


def _centres(vectors: Vectors, clusters: int, seed: int) -> Vectors:
    """(clusters, dimensions), or fewer where fewer vectors differ."""
    cluster = _sklearn("cluster")
    wanted = min(clusters, len(np.unique(vectors, axis=0)))
    means = cluster.KMeans(n_clusters=wanted, n_init=4, random_state=seed).fit(vectors)
    return np.asarray(means.cluster_centers_, np.float32)


def _fit_neighbours(train: Votes, members: int, neighbours: int, seed: int) -> KnnRouter:
    kept: Numbers = np.arange(len(train))
    if len(train) > MAX_KEPT:
        kept = np.sort(np.random.default_rng(seed).choice(len(train), MAX_KEPT, replace=False))
    return KnnRouter(
        vectors=train.vectors[kept],
        left=train.left[kept],
        right=train.right[kept],
        score=train.score[kept],
        overall=overall(train, members),
        neighbours=neighbours,
    )


def _fit_factors(train: Votes, members: int, rank: int, seed: int) -> FactorRouter:
    start = FactorRouter(_directions(train.vectors, rank, seed), np.zeros((members, rank)), overall(train, members))
    shapes = [(rank, train.vectors.shape[1]), (members, rank), (members,)]
    found = scipy.optimize.minimize(
        factor_loss,
        packed(start),
        args=(train, shapes),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": _MAX_ROUNDS},
    )
    return FactorRouter(*_unpacked(found.x, shapes))


def _directions(vectors: Vectors, rank: int, seed: int) -> Array:
    """(rank, dimensions) where the vectors vary most, to start from."""
    decomposition = _sklearn("decomposition")
    found = decomposition.TruncatedSVD(n_components=rank, random_state=seed).fit(vectors)
    return np.asarray(found.components_, np.float64)


def packed(router: FactorRouter) -> Array:
    """All its numbers in a row."""
    return np.concatenate([router.projection.ravel(), router.factors.ravel(), router.bias])


def _unpacked(flat: Array, shapes: list[tuple[int, ...]]) -> list[Array]:
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
    return [part.reshape(shape) for part, shape in zip(np.split(flat, ends), shapes, strict=True)]


def factor_loss(flat: Array, votes: Votes, shapes: list[tuple[int, ...]]) -> tuple[float, Array]:
    """The negative log posterior of a factor router, and its gradient.

    Args:
        flat: as `packed`.
        votes: between members.
        shapes: of projection, factors and bias.
    """
    projection, factors, bias = _unpacked(flat, shapes)
    seen = votes.vectors @ projection.T
    apart = factors[votes.left] - factors[votes.right]
    margin = bias[votes.left] - bias[votes.right] + (seen * apart).sum(axis=1)
    loss = losses(margin, votes.score).sum()
    error = 1.0 / (1.0 + np.exp(-margin)) - votes.score
    to_bias, to_factors = bias / PRIOR_ALL**2, factors / PRIOR_FACTORS**2
    to_projection = (error[:, np.newaxis] * apart).T @ votes.vectors + projection / PRIOR_FACTORS**2
    for side, sign in ((votes.left, 1.0), (votes.right, -1.0)):
        np.add.at(to_bias, side, sign * error)
        np.add.at(to_factors, side, sign * error[:, np.newaxis] * seen)
    loss += (bias**2).sum() / (2 * PRIOR_ALL**2)
    loss += ((factors**2).sum() + (projection**2).sum()) / (2 * PRIOR_FACTORS**2)
    return float(loss), np.concatenate([to_projection.ravel(), to_factors.ravel(), to_bias])


def _sklearn(part: str) -> Any:
    """A module of scikit-learn, which reading and asking a router does not need."""
    try:
        return import_module(f"sklearn.{part}")
    except ImportError as error:
        raise CannotTrain("training needs scikit-learn: install preference-arena[train]") from error


POLICIES: Final[Mapping[str, Policy]] = {
    "knn": Policy(_fit_neighbours, "neighbours", (100, 30, 300), "Bradley-Terry of votes on similar prompts"),
    "mf": Policy(_fit_factors, "rank", (4, 1, 2, 8), "matrix factorisation"),
    "cluster_bt": Policy(_fit_clusters, "clusters", (8, 2, 4, 16, 32), "Bradley-Terry per cluster of prompts"),
}
