"""Ratings that move with every vote."""

import numpy as np
import pytest

from arena.rankings.bradley_terry import fit
from arena.rankings.live import Live
from arena.rankings.tallies import OUTCOMES
from arena.votes.outcome import Outcome
from tests.rankings.worlds import World, even


def test_one_vote_moves_the_board_nearly_as_a_fit_does() -> None:
    counts = World(even(10, 10_000), np.linspace(-1, 1, 10)).counts(np.random.default_rng(1))
    for outcome in OUTCOMES:
        board = Live(fit(counts))
        before = board.ratings
        board.move(2, 7, outcome)
        counts.add(2, 7, outcome)
        exact = fit(counts).ratings
        assert np.abs(exact - before).max() > 0.05 or outcome in {Outcome.TIE, Outcome.BOTH_BAD}
        np.testing.assert_allclose(board.ratings, exact, atol=0.002)
        assert board.ratings.mean() == pytest.approx(1000)


def test_an_outcome_that_the_fit_leaves_out_moves_nothing() -> None:
    counts = World(even(4, 400), np.zeros(4)).counts(np.random.default_rng(2))
    board = Live(fit(counts, both_bad="exclude"))
    before = board.ratings
    board.move(0, 1, Outcome.BOTH_BAD)
    assert (board.ratings == before).all()


def test_a_model_of_ties_is_not_moved_vote_by_vote() -> None:
    counts = World(even(4, 400), np.zeros(4)).counts(np.random.default_rng(2))
    with pytest.raises(ValueError, match="half wins"):
        Live(fit(counts, "davidson"))
