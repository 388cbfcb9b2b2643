"""Counts by pair, and the dense ones made from them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.rankings.pair_counts import PairColumns, PairCount
from arena.rankings.tallies import OUTCOMES
from arena.votes.outcome import Outcome, mirrored

numbers = st.builds(PairCount, *[st.integers(0, 9)] * 4)
pairs = st.dictionaries(
    st.tuples(st.integers(10, 15), st.integers(10, 15)).filter(lambda pair: pair[0] != pair[1]), numbers, max_size=12
)


@pytest.mark.parametrize("outcome", Outcome)
def test_a_vote_is_counted_under_its_outcome_and_turns_with_the_sides(outcome: Outcome) -> None:
    assert PairCount.of(outcome, 3).numbers[OUTCOMES.index(outcome)] == PairCount.of(outcome, 3).total == 3
    assert PairCount.of(outcome, 3).mirrored == PairCount.of(mirrored(outcome), 3)


@given(pairs)
def test_no_vote_is_lost_between_pairs_and_matrix(found: dict[tuple[int, int], PairCount]) -> None:
    columns = PairColumns.of(found)
    counts = columns.dense({one: one - 10 for one in range(10, 16)}, 6)
    cells = {(10 + i, 10 + j): counts.cells[:, i, j].tolist() for i in range(6) for j in range(6)}
    assert {pair: cell for pair, cell in cells.items() if any(cell)} == {
        pair: list(count.numbers) for pair, count in found.items() if count.total
    }
    assert columns.ids == sorted({one for pair in found for one in pair})


def test_versions_of_a_contender_pool_their_votes() -> None:
    found = {(10, 20): PairCount(3, 1, 2, 0), (20, 11): PairCount(4, 5, 0, 1), (11, 20): PairCount(1)}
    counts = PairColumns.of(found).dense({10: 0, 11: 0, 20: 1}, 2)
    assert counts.cells[:, 0, 1].tolist() == [4, 1, 2, 0]
    assert counts.cells[:, 1, 0].tolist() == [4, 5, 0, 1]
    np.testing.assert_array_equal(PairColumns.of({}).dense({}, 3).cells, np.zeros((4, 3, 3)))


def test_versions_of_a_contender_never_meet() -> None:
    with pytest.raises(ValueError, match="versions of one contender"):
        PairColumns.of({(10, 11): PairCount(1)}).dense({10: 0, 11: 0}, 1)
