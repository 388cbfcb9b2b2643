"""Claims that hold all at once; small versions of `make bench-calibration` with fixed seeds."""

import numpy as np
import pytest

from arena.rankings.board import rate
from arena.rankings.bradley_terry import fit
from arena.rankings.intervals import covariance, limits
from arena.rankings.method import Method
from arena.rankings.sequences import half_widths
from arena.rankings.simultaneous import (
    critical_values,
    difference_deviations,
    draws_for,
    rank_sets,
    surely_better,
    tiers,
)
from arena.rankings.tallies import Counts, count
from arena.rankings.terms import SCALE
from tests.rankings.worlds import World, clustered_votes, coverage, even

STRENGTHS = {
    "spread": np.linspace(-0.9, 0.9, 8),
    "twins": np.repeat(np.linspace(-0.8, 0.8, 4), 2),
    "equal": np.zeros(8),
}


@pytest.mark.parametrize("kind", STRENGTHS)
def test_all_intervals_and_all_ranks_hold_at_once(kind: str) -> None:
    found = coverage(World(even(8, 4_000), STRENGTHS[kind]), boards=200, seed=1)
    # Binomial: 95 % of 200 boards ± 2 · 1.5 points.
    assert found.all_intervals >= 0.92
    assert found.all_ranks >= 0.92
    assert found.each.mean() == pytest.approx(0.95, abs=0.015)
    if kind == "equal":
        assert found.overlaps < 0.9  # what a single interval each is not made for


def test_two_independent_contenders_have_the_textbook_critical_value() -> None:
    """Of one difference, q₂ is the normal one; of two opposite strengths, q is too."""
    found = critical_values(np.array([[0.5, -0.5], [-0.5, 0.5]]), 0.95, seed=3)
    assert found.pairs == pytest.approx(1.96, abs=0.08)
    assert found.each == pytest.approx(1.96, abs=0.08)


def test_the_critical_value_of_equals_is_that_of_the_studentised_range() -> None:
    """Equal variances, n = 4, infinite degrees of freedom: 3.633 / √2 at 95 % (tabulated)."""
    centred = np.eye(4) - 0.25
    values = [critical_values(centred, 0.95, seed).pairs for seed in range(5)]
    assert np.mean(values) == pytest.approx(3.633 / np.sqrt(2), rel=0.02)


def test_critical_values_agree_with_numerical_integration() -> None:
    from scipy.stats import multivariate_normal  # half a second that every process would take to collect the tests

    spread = World(even(3, 900), np.array([0.5, 0, -0.5])).counts(np.random.default_rng(2))
    fitted = fit(spread)
    found = covariance(fitted, spread)
    q = np.mean([critical_values(found, 0.95, seed).each for seed in range(8)])
    errors = np.sqrt(np.diagonal(found))
    joint = multivariate_normal(cov=found[:2, :2] + 1e-15 * np.eye(2))
    x, y = np.meshgrid(*(np.linspace(-q * e, q * e, 401) for e in errors[:2]))
    inside = (np.abs(x + y) <= q * errors[2]) * joint.pdf(np.dstack([x, y]))
    cell = (2 * q * errors[0] / 400) * (2 * q * errors[1] / 400)
    assert inside.sum() * cell == pytest.approx(0.95, abs=0.01)


@pytest.mark.parametrize("twins", [0.0, 0.9, 0.99999])
@pytest.mark.parametrize("n", [2, 3, 30, 60])
def test_the_critical_value_is_that_of_every_pair_though_few_are_looked_at(n: int, twins: float) -> None:
    """Also where contenders hang together, so that single sizes say little about differences."""
    rng = np.random.default_rng(n)
    spread = np.diag(rng.uniform(0.01, 4, n)) * (1 - twins) + twins * np.ones((n, n))
    spread -= spread.mean(axis=0)
    spread -= spread.mean(axis=1, keepdims=True)
    draws = np.random.default_rng(5).standard_normal((draws_for(n), n), dtype=np.float32)
    draws = draws @ np.linalg.cholesky(spread + np.trace(spread) / n**2).T.astype(np.float32)
    first, second = np.triu_indices(n, 1)
    scale = 1 / difference_deviations(spread)[first, second]
    every = (np.abs(draws[:, first] - draws[:, second]) * scale).max(axis=1)
    for level in (0.5, 0.95, 0.999):
        expected = np.quantile(every, level, method="higher")
        assert critical_values(spread, level, seed=5).pairs == pytest.approx(expected, rel=1e-4)


def test_ranks_and_tiers_follow_from_who_is_surely_better() -> None:
    strengths = np.array([2.0, 1.9, 1.0, -3.0])
    spread = 0.09 * (np.eye(4) - 0.25)
    better = surely_better(strengths, spread, 2.2)
    ranks = rank_sets(better)
    assert ranks.low.tolist() == [1, 1, 2, 4]
    assert ranks.high.tolist() == [2, 3, 3, 4]
    assert tiers(strengths, better).tolist() == [1, 1, 2, 3]


def test_fifty_looks_break_a_fixed_interval_and_not_a_sequence() -> None:
    n, looks, boards = 8, 50, 25
    step = World(even(n, 420), STRENGTHS["spread"])
    rng, truth = np.random.default_rng(5), step.truth
    ever_fixed, ever_each, ever_joint, ratios = 0.0, 0.0, 0, []
    for _board in range(boards):
        counts, start = Counts.empty(n), None
        wrong = {"fixed": np.zeros(n, bool), "each": np.zeros(n, bool), "joint": np.zeros(n, bool)}
        for look in range(looks):
            counts = counts + step.counts(rng)
            fitted = fit(counts, start=start)
            start = fitted.strengths
            errors = SCALE * np.sqrt(np.diagonal(covariance(fitted, counts)))
            each, joint = (half_widths(errors, 0.95, together=together) for together in (False, True))
            for name, half in (("fixed", 1.959964 * errors), ("each", each), ("joint", joint)):
                wrong[name] |= np.abs(fitted.ratings - truth) > half
            if look >= 5:
                ratios.append((each / (1.959964 * errors)).mean())
        ever_fixed += wrong["fixed"].mean() / boards
        ever_each += wrong["each"].mean() / boards
        ever_joint += int(wrong["joint"].any())
    assert ever_fixed > 0.2
    assert ever_each <= 0.05
    assert ever_joint <= 1
    assert max(ratios) <= 1.7


def test_voters_who_vote_a_lot_need_clustered_intervals() -> None:
    world, rng = World(even(6, 100), np.linspace(-0.6, 0.6, 6)), np.random.default_rng(6)
    truth = fit(count(next(clustered_votes(world, 250_000, 0.9, rng, most=1)), 6)).ratings
    draws, held = clustered_votes(world, 200, 0.9, rng), {"sandwich": 0.0, "clustered": 0.0}
    for _board in range(150):
        votes = next(draws)
        counts = count(votes, 6)
        fitted = fit(counts)
        for kind in held:
            own = limits(fitted, covariance(fitted, counts, kind, votes))  # type: ignore[arg-type]
            held[kind] += float(((own.lower <= truth) & (truth <= own.upper)).mean()) / 150
    assert held["sandwich"] < 0.88
    assert 0.91 <= held["clustered"] <= 0.98


def test_if_everybody_votes_once_clusters_change_nothing_but_the_small_sample_factor() -> None:
    votes = next(clustered_votes(World(even(4, 10), np.zeros(4)), 500, 0.5, np.random.default_rng(1), most=1))
    counts = count(votes, 4)
    fitted = fit(counts)
    plain, clustered = covariance(fitted, counts), covariance(fitted, counts, "clustered", votes)
    np.testing.assert_allclose(clustered, plain * 500 / 499, rtol=1e-9)


def test_a_board_shows_limits_in_their_order_of_width() -> None:
    counts = World(even(5, 3_000), np.linspace(-0.5, 0.5, 5)).counts(np.random.default_rng(3))
    for row in rate(counts, Method(sequence="joint")).rows:
        assert row.sequence_lower < row.simultaneous_lower < row.lower < row.rating  # type: ignore[operator]
        assert row.rating < row.upper < row.simultaneous_upper < row.sequence_upper  # type: ignore[operator]
        assert row.rank_low <= row.rank_high  # type: ignore[operator]
