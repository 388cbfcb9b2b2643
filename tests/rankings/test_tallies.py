"""Folding votes into counts of pairs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.rankings.tallies import Ballots, PairCount, dense, fold
from arena.votes.outcome import Outcome, mirrored

ballots = st.lists(
    st.builds(
        lambda pair, outcome, n: Ballots(*pair, outcome, n),
        st.lists(st.integers(1, 6), min_size=2, max_size=2, unique=True),
        st.sampled_from(Outcome),
        st.integers(1, 5),
    ),
    max_size=60,
)


def test_the_lower_id_is_first_and_the_outcome_turns_with_it() -> None:
    votes = [Ballots(7, 3, outcome, n) for n, outcome in enumerate(Outcome, start=1)]
    assert fold(votes) == {(3, 7): PairCount(first_wins=2, second_wins=1, ties=3, both_bad=4)}


@given(ballots)
def test_swapping_the_sides_of_every_vote_changes_no_count(votes: list[Ballots]) -> None:
    swapped = [Ballots(vote.right, vote.left, mirrored(vote.outcome), vote.n) for vote in votes]
    assert fold(swapped) == fold(votes)


@given(ballots)
def test_two_batches_add_up_to_one(votes: list[Ballots]) -> None:
    whole, parts = fold(votes), [fold(votes[::2]), fold(votes[1::2])]
    for pair in whole:
        assert sum((part.get(pair, PairCount()) for part in parts), PairCount()) == whole[pair]


@given(ballots)
def test_no_vote_is_lost_between_batch_and_matrix(votes: list[Ballots]) -> None:
    number = sum(vote.n for vote in votes)
    counts = dense(fold(votes), {version: version - 1 for version in range(1, 7)}, 6)
    assert counts.votes().sum() == 2 * number
    assert counts.wins().sum() == number
    assert counts.wins("exclude").sum() == number - counts.both_bad.sum() / 2
    for symmetric in (counts.ties, counts.both_bad):
        np.testing.assert_array_equal(symmetric, symmetric.T)


def test_versions_of_one_contender_pool_their_votes() -> None:
    pairs = {(1, 2): PairCount(3, 1, 2, 0), (2, 3): PairCount(5, 4, 0, 1)}
    counts = dense(pairs, {1: 0, 2: 1, 3: 0}, 2)
    assert counts.decisive.tolist() == [[0, 7], [6, 0]]
    assert counts.wins().tolist() == [[0, 8.5], [7.5, 0]]
    assert counts.wins("exclude").tolist() == [[0, 8], [7, 0]]


def test_nobody_meets_itself() -> None:
    with pytest.raises(ValueError, match="met itself"):
        fold([Ballots(1, 1, Outcome.TIE)])
    with pytest.raises(ValueError, match="of one contender"):
        dense({(1, 2): PairCount(ties=1)}, {1: 0, 2: 0}, 1)
