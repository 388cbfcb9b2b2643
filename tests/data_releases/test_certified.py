"""The counts that a certified leaderboard starts from."""

import pyarrow as pa
import pytest

from arena.rankings.pair_counts import PairCount
from arena.votes.outcome import Outcome
from data_releases.certified import tallies_of

CONTENDER_OF = {"a1": "Ada", "a2": "Ada", "b1": "Bell"}


def votes(*rows: tuple[str, str, Outcome, bool]) -> pa.Table:
    named = [{"left": x, "right": y, "outcome": outcome.value, "counted": counted} for x, y, outcome, counted in rows]
    return pa.Table.from_pylist(named)


def test_the_first_by_name_is_first_and_the_outcome_turns_with_it() -> None:
    cast = votes(
        ("b1", "a1", Outcome.LEFT, True),
        ("a2", "b1", Outcome.LEFT, True),
        ("a1", "b1", Outcome.TIE, True),
        ("b1", "a2", Outcome.BOTH_BAD, True),
        ("b1", "a2", Outcome.RIGHT, False),
    )
    assert tallies_of(cast, CONTENDER_OF) == {("Ada", "Bell"): PairCount(1, 1, 1, 1)}


def test_a_contender_that_met_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="Ada met itself"):
        tallies_of(votes(("a1", "a2", Outcome.TIE, True)), CONTENDER_OF)
