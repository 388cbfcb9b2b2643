"""Bootstrap replicates: the closed form's second opinion."""

import numpy as np
import pytest

from arena.rankings.board import rate
from arena.rankings.bootstrap import NoReplicates, replicated_strengths
from arena.rankings.bradley_terry import fit
from arena.rankings.intervals import VotersNeeded, covariance
from arena.rankings.method import Method
from arena.rankings.tallies import Counts, Votes, count
from tests.rankings.worlds import World, clustered_votes
from tests.rankings.worlds import even as evenly

WORLD = World(evenly(6, 3_000), np.linspace(-0.7, 0.7, 6))


def test_replicates_spread_as_the_sandwich_says() -> None:
    counts = WORLD.counts(np.random.default_rng(1))
    fitted = fit(counts)
    replicates = replicated_strengths(fitted, counts, 1000, seed=2)
    expected = np.sqrt(np.diagonal(covariance(fitted, counts)))
    np.testing.assert_allclose(replicates.std(axis=0), expected, rtol=0.08)
    np.testing.assert_allclose(replicates.mean(axis=1), 0, atol=1e-9)


def test_voters_drawn_together_spread_as_the_clustered_sandwich_says() -> None:
    votes = next(clustered_votes(WORLD, 300, 0.9, np.random.default_rng(3)))
    counts = count(votes, 6)
    fitted = fit(counts)
    replicates = replicated_strengths(fitted, counts, 400, seed=2, votes=votes)
    expected = np.sqrt(np.diagonal(covariance(fitted, counts, "clustered", votes)))
    np.testing.assert_allclose(replicates.std(axis=0), expected, rtol=0.2)
    assert (replicates.std(axis=0) > np.sqrt(np.diagonal(covariance(fitted, counts)))).all()


def test_every_replicate_is_the_exact_fit_of_its_draw() -> None:
    """By the same draws, fitted one by one."""
    counts = WORLD.counts(np.random.default_rng(4))
    fitted = fit(counts)
    replicates = replicated_strengths(fitted, counts, 5, seed=9)
    rng = np.random.default_rng(9)
    first, second = np.triu_indices(6, 1)
    decisive, ties = counts.decisive, counts.halves()
    cells = np.concatenate([decisive[first, second], decisive[second, first], ties[first, second]])
    number = int(cells.sum())
    for strengths in replicates:
        won, lost, even = rng.multinomial(number, cells / number).reshape(3, -1)
        wins = np.zeros((6, 6))
        wins[first, second], wins[second, first] = won + even / 2, lost + even / 2
        np.testing.assert_allclose(strengths, fit(Counts.of(wins)).strengths, atol=1e-6)


def test_few_votes_are_drawn_one_by_one_with_the_same_result() -> None:
    """20 votes a cell go by numbers, 5 a cell by votes: each spreads as its own sandwich says."""
    for votes in (900, 225):
        counts = World(evenly(6, votes), np.linspace(-0.4, 0.4, 6)).counts(np.random.default_rng(6))
        fitted = fit(counts)
        spread = replicated_strengths(fitted, counts, 1500, seed=3).std(axis=0)
        np.testing.assert_allclose(spread, np.sqrt(np.diagonal(covariance(fitted, counts))), rtol=0.15)


@pytest.mark.parametrize("ties", ["half", "davidson"])
def test_a_seed_gives_the_same_bits_and_another_seed_others(ties: str) -> None:
    counts = WORLD.counts(np.random.default_rng(5))
    method = [Method(ties=ties, intervals="bootstrap", replicates=40, seed=seed) for seed in (1, 1, 2)]  # type: ignore[arg-type]
    one, again, other = (rate(counts, one).rows for one in method)
    assert one == again
    assert one != other
    for row in one:
        assert row.lower < row.rating < row.upper  # type: ignore[operator]


def test_what_cannot_be_drawn_is_refused() -> None:
    votes = Votes(np.array([0, 1]), np.array([1, 0]), np.array([0, 0]), weight=np.array([1.0, 2.0]))
    weighted = count(votes, 2)
    with pytest.raises(ValueError, match="by voter"):
        replicated_strengths(fit(weighted), weighted, 10, 1)
    with pytest.raises(VotersNeeded):
        replicated_strengths(fit(weighted), weighted, 10, 1, votes)
    sparse = Counts.of(np.array([[0, 1.0], [1, 0]]))
    with pytest.raises(NoReplicates):
        replicated_strengths(fit(sparse), sparse, 400, 1)
