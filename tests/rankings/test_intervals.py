"""Whether the intervals hold as often as they say."""

from typing import Any

import numpy as np
import pytest

from arena.rankings.bradley_terry import fit
from arena.rankings.intervals import Limits, covariance, limits
from arena.rankings.simultaneous import overlap_ranks
from arena.rankings.tallies import Counts, Votes, count
from arena.rankings.terms import SCALE
from tests.rankings.samples import random_wins
from tests.rankings.worlds import World

REPLICATIONS = 300


def intervals(decisive: Any, ties: Any) -> Limits:
    counts = Counts.of(decisive, ties)
    fitted = fit(counts)
    return limits(fitted, covariance(fitted, counts))


def coverage(met: Any, strengths: Any, nu: float, seed: int) -> Any:
    """(n,) share of boards whose interval holds the value that infinitely many such votes would give."""
    rng, world = np.random.default_rng(seed), World(met, strengths, nu)
    truth, held = world.truth, np.zeros(len(met))
    for _board in range(REPLICATIONS):
        counts = world.counts(rng)
        bounds = intervals(counts.decisive, counts.ties)
        held += (bounds.lower <= truth) & (truth <= bounds.upper)
    return held / REPLICATIONS


@pytest.mark.parametrize("nu", [0.0, 1.0])
def test_intervals_hold_the_truth_as_often_as_they_say(nu: float) -> None:
    """10 contenders, 200 votes a pair on average, a third of them ties in the second case."""
    rng = np.random.default_rng(17)
    met = np.triu(rng.integers(50, 350, (10, 10)), 1)
    share = coverage(met, rng.normal(0, 0.7, 10), nu, seed=11)
    # Binomial: one contender 0.95 ± 4 · 0.0126; the mean of ten, as if independent, ± 4 · 0.004.
    assert (np.abs(share - 0.95) < 0.051).all(), share
    assert abs(share.mean() - 0.95) < 0.016, share


def test_a_newcomers_interval_follows_its_own_votes_not_the_boards() -> None:
    met = np.triu(np.full((10, 10), 20_000), 1)
    met[:9, 9] = 12
    share = coverage(met, np.linspace(-1, 1, 10), 1.0, seed=12)
    assert share[9] >= 0.92
    assert share[:9].mean() >= 0.92


def test_twice_the_votes_shrink_the_intervals_by_the_root_of_two() -> None:
    wins = random_wins(6, 900, 0.8, seed=2)
    one, two = (intervals(wins * k, np.zeros_like(wins)) for k in (1, 2))
    np.testing.assert_allclose(one.upper - one.lower, np.sqrt(2) * (two.upper - two.lower), rtol=1e-9)


def test_the_sums_from_counts_equal_the_sums_over_single_votes() -> None:
    rng = np.random.default_rng(4)
    met = np.triu(rng.integers(1, 6, (4, 4)), 1)
    counts = World(met, np.array([0.5, 0.2, -0.2, -0.5])).counts(rng)
    decisive, ties = counts.decisive, counts.ties
    fitted = fit(counts)
    strengths = fitted.strengths
    votes = [(i, j, 1.0) for i in range(4) for j in range(4) for _vote in range(int(decisive[i, j]))]
    votes += [(i, j, 0.5) for i in range(4) for j in range(i) for _vote in range(int(ties[i, j]))]
    hessian, outer = np.zeros((4, 4)), np.zeros((4, 4))
    for i, j, score in votes:
        pair = np.eye(4)[i] - np.eye(4)[j]
        p = 1 / (1 + np.exp(strengths[j] - strengths[i]))
        hessian += p * (1 - p) * np.outer(pair, pair)
        outer += (score - p) ** 2 * np.outer(pair, pair)
    robust, model = (covariance(fitted, counts, kind) for kind in ("sandwich", "fisher"))
    np.testing.assert_allclose(model, np.linalg.pinv(hessian), atol=1e-10)
    np.testing.assert_allclose(robust, np.linalg.pinv(hessian) @ outer @ np.linalg.pinv(hessian), atol=1e-10)
    np.testing.assert_allclose(robust.sum(axis=0), 0, atol=1e-10)


@pytest.mark.parametrize("ties", [1.0, 500.0])
def test_ties_alone_claim_no_certainty(ties: float) -> None:
    even = ties * (1 - np.eye(2))
    bounds = intervals(np.zeros((2, 2)), even)
    # The model's: the difference has variance 4 / ties, each centred strength a quarter of it.
    np.testing.assert_allclose(bounds.upper - bounds.lower, 2 * 1.959964 * SCALE / np.sqrt(ties), rtol=1e-5)


def test_ranks_are_those_that_the_intervals_leave_possible() -> None:
    lower, upper = np.array([5.0, 1, 2, 8, 0]), np.array([8.0, 3, 4, 9, 0.5])
    ranks = overlap_ranks(lower, upper)
    assert ranks.low.tolist() == [1, 3, 3, 1, 5]
    assert ranks.high.tolist() == [2, 4, 4, 2, 5]


@pytest.mark.parametrize("voters", [1_000, 7, 2])
def test_scores_by_voter_are_summed_in_pieces_that_cut_no_voter(monkeypatch: pytest.MonkeyPatch, voters: int) -> None:
    rng = np.random.default_rng(3)
    left = rng.integers(0, 6, 3_000)
    votes = Votes(
        left, (left + rng.integers(1, 6, 3_000)) % 6, rng.integers(0, 4, 3_000), None, rng.integers(0, voters, 3_000)
    )
    counts = count(votes, 6)
    whole = covariance(fit(counts), counts, "clustered", votes)
    monkeypatch.setattr("arena.rankings.intervals.BLOCK", 100)
    assert covariance(fit(counts), counts, "clustered", votes) == pytest.approx(whole, rel=1e-9, abs=1e-12)
