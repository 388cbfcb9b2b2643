"""Quality for money: APGR of RouteLLM and AIQ of RouterBench. Pure.

Quality is the doubly robust share of wins against another system drawn at random (see `values`), so that every point
of a curve is a mean over the same votes.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from arena.policies.strengths import Array
from data_releases.routers.bootstrap import Estimate, estimated
from data_releases.routers.values import chances_at_random, picks, terms_at_random
from data_releases.routers.votes import Votes

#: Shares of calls to the strong system at which RouteLLM's threshold is set: 11 points, as in its evaluation.
SHARES: Final = np.linspace(0.0, 1.0, 11)
#: How many shares of wins a dollar is worth, relative to the spread of costs; 0 first: money does not matter.
WILLINGNESS: Final = np.concatenate([[0.0], np.geomspace(1e-3, 1e3, 31)])
#: Performance gaps recovered whose price RouteLLM reports.
RECOVERED: Final = (0.2, 0.5, 0.8)


def apgr(shares: Any, quality: Any) -> Any:
    """Average performance gap recovered, 0.5 for a router that draws lots.

        PGR(c) = (r(c) - r_weak) / (r_strong - r_weak),    APGR = ∫ PGR(c) dc over c from 0 to 1, by trapezoids,

    with r(c) the quality where the share c of prompts goes to the strong system. Source: Ong et al. 2024, "RouteLLM",
    arXiv:2406.18665, equations 3 and 4.

    Args:
        shares: (k,) ascending from 0 to 1.
        quality: (…, k) at these shares; the first is the weak system's, the last the strong one's.

    Returns:
        (…,); NaN where the strong system is not the better one.
    """
    quality = np.asarray(quality, np.float64)
    weak, strong = quality[..., :1], quality[..., -1:]
    gap = np.where(strong > weak, strong - weak, np.nan)
    return np.trapezoid((quality - weak) / gap, shares, axis=-1)


def calls_needed(shares: Array, quality: Array, recovered: float) -> float | None:
    """CPT(x): the least share of calls to the strong system that recovers x of the gap, between points in a straight
    line. Source: as of `apgr`. None: it is not recovered, or there is no gap.
    """
    gap = quality[-1] - quality[0]
    if gap <= 0:
        return None
    gained = (quality - quality[0]) / gap
    reached = np.flatnonzero(gained >= recovered)
    if not len(reached):
        return None
    at = int(reached[0])
    if at == 0:
        return float(shares[0])
    rise = gained[at] - gained[at - 1]
    return float(shares[at - 1] + (shares[at] - shares[at - 1]) * (recovered - gained[at - 1]) / rise)


def frontier(costs: Array, quality: Array) -> tuple[Array, Array]:
    """The corners of the non-decreasing upper convex hull of points, from cheap to dear: (k,) costs, (k,) quality."""
    order = np.lexsort((-quality, costs))
    corners: list[tuple[float, float]] = []
    for cost, value in zip(costs[order].tolist(), quality[order].tolist(), strict=True):
        # Dearer and no better: whoever draws lots between the points before it does as well.
        if corners and (value <= corners[-1][1] or cost == corners[-1][0]):
            continue
        while len(corners) > 1 and _slope(corners[-2], corners[-1]) <= _slope(corners[-1], (cost, value)):
            corners.pop()
        corners.append((cost, value))
    return np.array([cost for cost, _value in corners]), np.array([value for _cost, value in corners])


def _slope(one: tuple[float, float], other: tuple[float, float]) -> float:
    return (other[1] - one[1]) / (other[0] - one[0])


def aiq(costs: Array, quality: Array, cheapest: float, dearest: float) -> float:
    """Average improvement in quality: the mean height of the frontier between two costs that all routers share.

        AIQ = 1 / (c_max - c_min) ∫ R(c) dc over c from c_min to c_max,

    with R the non-decreasing convex hull of a router's points, level beyond its dearest one and before its cheapest.
    Source: Hu et al. 2024, "RouterBench", arXiv:2403.12031, section 3; its published code divides by c_max instead.

    Args:
        costs: (k,) of the router's points.
        quality: (k,) of them.
        cheapest: c_min.
        dearest: c_max, larger.
    """
    at, height = frontier(costs, quality)
    inside = at[(at > cheapest) & (at < dearest)]
    grid = np.concatenate([[cheapest], inside, [dearest]])
    return float(np.trapezoid(np.interp(grid, at, height), grid) / (dearest - cheapest))


@dataclass(frozen=True, slots=True)
class StrongWeak:
    """A router between two systems. quality: (11,) at `SHARES`; calls: recovered gap → share of calls it takes."""

    strong: int
    weak: int
    votes: int
    quality: Array
    apgr: Estimate
    calls: dict[float, float | None]


def strong_weak(votes: Votes, strengths: Array, strong: int, weak: int, seed: int) -> StrongWeak:
    """Send a growing share of prompts to the strong system, those first where the router expects most of it.

    Args:
        votes: whose pools have both.
        strengths: (n, members) of the votes' prompts.
        strong: a member.
        weak: another member.
        seed: of the interval.
    """
    # Equal gains: in the order of the votes.
    order = np.argsort(strengths[:, weak] - strengths[:, strong], kind="stable")
    rank = np.empty(len(votes), np.int64)
    rank[order] = np.arange(len(votes))
    worth = {
        member: terms_at_random(np.full(len(votes), member), votes, strengths).doubly_robust
        for member in (strong, weak)
    }
    by_share = np.stack(
        [np.where(rank < round(share * len(votes)), worth[strong], worth[weak]) for share in SHARES], 1
    )
    columns = np.concatenate([by_share, np.ones((len(votes), 1))], axis=1)
    quality = by_share.mean(axis=0)
    return StrongWeak(
        strong=strong,
        weak=weak,
        votes=len(votes),
        quality=quality,
        apgr=estimated(columns, votes.voter, lambda sums: apgr(SHARES, sums[..., :-1] / sums[..., -1:]), seed),
        calls={x: calls_needed(SHARES, quality, x) for x in RECOVERED},
    )


@dataclass(frozen=True, slots=True)
class CostCurve:
    """A router that weighs quality against cost. costs: (k,) mean dollars a prompt; quality: (k,); aiq: of them."""

    costs: Array
    quality: Array
    cheapest: float
    dearest: float
    aiq: Estimate


def cost_curve(votes: Votes, strengths: Array, costs_usd: Array, seed: int) -> CostCurve:
    """Pick the member with the most expected wins less λ times its cost, for growing λ.

    Args:
        votes: whose pools have a member each.
        strengths: (n, members) of the votes' prompts.
        costs_usd: (members,) of an answer, all known and not all equal.
        seed: of the interval.
    """
    cheapest, dearest = float(costs_usd.min()), float(costs_usd.max())
    chances = chances_at_random(strengths, votes.pool)
    columns = []
    for willingness in WILLINGNESS:
        picked = picks(chances - willingness * costs_usd / (dearest - cheapest), votes.pool)
        columns += [costs_usd[picked], terms_at_random(picked, votes, strengths).doubly_robust]
    summed = np.stack([*columns, np.ones(len(votes))], axis=1)
    means = summed.mean(axis=0)

    def area(sums: Any) -> Any:
        points = np.atleast_2d(sums[..., :-1] / sums[..., -1:])
        areas = [aiq(row[0::2], row[1::2], cheapest, dearest) for row in points]
        return np.array(areas) if sums.ndim > 1 else areas[0]

    return CostCurve(means[0:-1:2], means[1:-1:2], cheapest, dearest, estimated(summed, votes.voter, area, seed))
