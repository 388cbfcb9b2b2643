"""Curves of quality and cost, against examples worked out by hand."""

import math

import numpy as np
import pytest

from data_releases.routers.curves import SHARES, aiq, apgr, calls_needed, cost_curve, frontier, strong_weak
from tests.data_releases.routers.logged import drawn

COSTS = np.array([0.004, 0.001, 0.002, 0.0005])


def test_apgr_of_four_points_by_hand():
    # PGR is 0, 1/2, 3/4, 1 at 0, 1/3, 2/3, 1: trapezoids (0 + 1/2)/2 + (1/2 + 3/4)/2 + (3/4 + 1)/2 = 1.75, over 3.
    assert apgr([0, 1 / 3, 2 / 3, 1], [0.4, 0.5, 0.55, 0.6]) == pytest.approx(1.75 / 3)


def test_apgr_of_drawing_lots_is_a_half_and_of_an_oracle_more_than_one_half():
    assert apgr(SHARES, 0.3 + 0.2 * SHARES) == pytest.approx(0.5)
    assert apgr(SHARES, 0.3 + 0.2 * np.sqrt(SHARES)) > 0.6


def test_apgr_has_no_value_where_the_strong_system_is_not_better():
    assert math.isnan(apgr(SHARES, np.full(11, 0.5)))
    several = apgr(SHARES, np.stack([0.3 + 0.2 * SHARES, 0.5 - 0.2 * SHARES]))
    assert several[0] == pytest.approx(0.5)
    assert math.isnan(several[1])


def test_calls_needed_by_hand():
    quality = np.array([0.4, 0.5, 0.55, 0.6])
    shares = np.array([0, 1 / 3, 2 / 3, 1])
    # Half of the gap of 0.2 is reached at 0.5; 80 % at 0.56, a fifth of the way from 2/3 to 1.
    assert calls_needed(shares, quality, 0.5) == pytest.approx(1 / 3)
    assert calls_needed(shares, quality, 0.8) == pytest.approx(2 / 3 + 1 / 15)
    assert calls_needed(shares, quality[::-1], 0.5) is None


def test_aiq_of_three_points_by_hand():
    # Costs 1, 2, 4 with 0.5, 0.8, 0.9: areas 0.65 and 1.7, together 2.35 over a range of 3.
    assert aiq(np.array([1.0, 2, 4]), np.array([0.5, 0.8, 0.9]), 1, 4) == pytest.approx(2.35 / 3)


def test_aiq_leaves_out_points_below_the_hull_and_is_level_beyond_the_last_one():
    # (3, 0.7) is dearer and worse than (2, 0.8); from 2 to 4 the frontier is level: 0.65 + 1.6 over 3.
    assert aiq(np.array([1.0, 2, 3]), np.array([0.5, 0.8, 0.7]), 1, 4) == pytest.approx(2.25 / 3)


def test_the_frontier_is_convex_and_never_falls():
    costs, quality = frontier(np.array([3.0, 1, 2, 2, 4, 5]), np.array([0.9, 0.5, 0.55, 0.6, 0.89, 0.91]))
    assert costs.tolist() == [1, 3, 5]
    assert quality.tolist() == [0.5, 0.9, 0.91]


def test_a_router_that_knows_recovers_more_of_the_gap_than_lots():
    logged = drawn(6000, seed=11)
    knowing = strong_weak(logged.votes, logged.strengths, strong=2, weak=0, seed=1)
    blind = strong_weak(logged.votes, np.zeros_like(logged.strengths), strong=2, weak=0, seed=1)
    assert knowing.apgr.lower > blind.apgr.value
    assert knowing.quality[0] == pytest.approx(blind.quality[0], abs=0.03)
    assert knowing.calls[0.5] < blind.calls[0.5]


def test_a_cost_curve_begins_with_the_best_and_ends_with_the_cheapest():
    logged = drawn(2000, seed=12)
    curve = cost_curve(logged.votes, logged.strengths, COSTS, seed=1)
    assert curve.costs[-1] == pytest.approx(COSTS.min())
    assert curve.costs[0] == curve.costs.max()
    assert curve.quality[0] == curve.quality.max()
    assert curve.aiq.lower < curve.aiq.value < curve.aiq.upper
    assert curve.quality[-1] < curve.aiq.value <= curve.quality[0] + 1e-12
