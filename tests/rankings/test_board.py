"""Who is rated, and what the others are told."""

import json
from pathlib import Path

import numpy as np
import pytest

from arena.rankings.board import Board, Status, rate
from arena.rankings.method import Method
from arena.rankings.pair_counts import PairColumns, PairCount
from arena.rankings.tallies import Counts
from tests.rankings.samples import BASEBALL_1987

GOLDEN = Path(__file__).with_name("golden") / "baseball_1987.json"


def board(pairs: dict[tuple[int, int], PairCount], n: int, both_bad: str = "tie") -> Board:
    return rate(PairColumns.of(pairs).dense({i: i for i in range(n)}, n), Method(both_bad=both_bad))  # type: ignore[arg-type]


def statuses(found: Board) -> list[str]:
    for row in found.rows:
        numbers = (row.rating, row.lower, row.upper, row.rank_low, row.rank_high)
        assert all(number is not None for number in numbers) == (row.status is Status.OK)
        assert any(number is not None for number in numbers) == (row.status is Status.OK)
    return [row.status.value for row in found.rows]


def test_a_board_equals_the_golden_file() -> None:
    wins, _strengths, _errors = BASEBALL_1987
    found = rate(Counts.of(wins))
    for row, expected in zip(found.rows, json.loads(GOLDEN.read_text()), strict=True):
        assert (row.votes, row.rank_low, row.rank_high) == tuple(expected["counts"])
        np.testing.assert_allclose([row.rating, row.lower, row.upper], expected["points"], atol=1e-6)


def test_nobody_has_votes() -> None:
    found = board({}, 3)
    assert (found.status, found.groups) == (Status.EMPTY, ())
    assert statuses(found) == ["unrated"] * 3
    assert board({}, 0).rows == ()


def test_a_newcomer_without_votes_takes_nothing_from_the_others() -> None:
    found = board({(0, 2): PairCount(3, 2, 1, 0)}, 3)
    assert found.status is Status.OK
    assert statuses(found) == ["ok", "unrated", "ok"]
    assert [row.votes for row in found.rows] == [6, 0, 6]


def test_a_newcomer_with_one_win_gets_a_status_and_moves_no_other_difference() -> None:
    pairs = {(0, 1): PairCount(30, 20, 5, 5), (1, 2): PairCount(25, 30, 5, 5), (0, 2): PairCount(9, 8, 1, 0)}
    before, after = board(pairs, 3), board(pairs | {(2, 3): PairCount(0, 1, 0, 0)}, 4)
    assert after.status is Status.SEPARATED
    assert after.groups == ((3,), (0, 1, 2))
    assert statuses(after) == ["ok", "ok", "ok", "separated"]
    for old, new in zip(before.rows, after.rows, strict=False):
        assert (old.rating, old.lower, old.upper) == (new.rating, new.lower, new.upper)
    assert after.rows[2].votes == before.rows[2].votes + 1


def test_two_halves_that_never_met_have_no_numbers() -> None:
    found = board({(0, 1): PairCount(3, 2), (2, 3): PairCount(2, 3)}, 4)
    assert (found.status, found.groups) == (Status.DISCONNECTED, ((0, 1), (2, 3)))
    assert statuses(found) == ["disconnected"] * 4


def test_one_vote_is_no_rating() -> None:
    found = board({(0, 1): PairCount(first_wins=1)}, 2)
    assert (found.status, found.groups) == (Status.SEPARATED, ((0,), (1,)))
    assert statuses(found) == ["separated"] * 2


def test_a_piece_beside_the_majority_is_told_that_it_is_apart() -> None:
    even = PairCount(2, 2)
    found = board({(0, 1): even, (1, 2): even, (3, 4): even, (2, 5): PairCount(1)}, 7)
    assert found.status is Status.DISCONNECTED
    assert found.groups == ((0, 1, 2, 5), (3, 4))
    assert statuses(found)[:6] == ["disconnected"] * 6  # three of six are no majority
    found = board({(0, 1): even, (1, 2): even, (2, 3): even, (4, 5): PairCount(1), (3, 6): PairCount(1)}, 7)
    assert statuses(found) == ["ok"] * 4 + ["disconnected"] * 2 + ["separated"]


@pytest.mark.parametrize(("both_bad", "expected"), [("tie", Status.OK), ("exclude", Status.SEPARATED)])
def test_both_bad_is_half_a_win_each_or_nothing(both_bad: str, expected: Status) -> None:
    found = board({(0, 1): PairCount(5, 0, 0, 2)}, 2, both_bad)
    assert found.status is expected
    assert [row.votes for row in found.rows] == [7, 7]
    assert found.method["both_bad"] == {"tie": "half", "exclude": "exclude"}[both_bad]


def test_only_ties_are_a_draw_with_honest_width() -> None:
    found = board({(0, 1): PairCount(ties=4)}, 2)
    assert statuses(found) == ["ok", "ok"]
    first, second = found.rows
    assert first.rating == pytest.approx(1000)
    assert (first.rank_low, first.rank_high, second.rank_low, second.rank_high) == (1, 2, 1, 2)
    assert first.lower is not None
    assert first.lower < 900
