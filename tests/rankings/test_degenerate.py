"""Ten inputs that other rating tools answer with a number: here a refusal by name, or a status on the row."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arena.rankings.board import Board, Status, rate
from arena.rankings.bradley_terry import DisconnectedComparisons, NoComparisons, SeparatedComparisons
from arena.rankings.method import INTERVALS, Method
from arena.rankings.tallies import Counts
from arena.rankings.vote_files import BadVotes, read_votes

WIDE = 100.0  # points: narrower is not honest for a handful of votes


def counts_of(*rows: tuple[int, int, float], n: int, ties: tuple[tuple[int, int, float], ...] = ()) -> Counts:
    """rows: (winner, loser, votes)."""
    decisive, even = np.zeros((n, n)), np.zeros((n, n))
    for i, j, number in rows:
        decisive[i, j] += number
    for i, j, number in ties:
        even[i, j] = even[j, i] = number
    return Counts.of(decisive, even)


def ring(n: int, votes: float) -> list[tuple[int, int, float]]:
    return [(i, (i + 1) % n, votes) for i in range(n)] + [((i + 1) % n, i, votes) for i in range(n)]


TWO_GROUPS = counts_of((0, 1, 9), (1, 0, 5), (2, 3, 8), (3, 2, 9), n=4)
ZERO_WINS = counts_of(*ring(3, 20), (0, 3, 7), (1, 3, 8), (2, 3, 9), n=4)
ALL_WINS = counts_of(*ring(3, 20), (3, 0, 7), (3, 1, 8), (3, 2, 9), n=4)
SINGLE_VOTE = counts_of((0, 1, 1), n=2)
NEWCOMER = counts_of(*ring(5, 400), (5, 2, 1), n=6)
ONLY_TIES = counts_of(n=2, ties=((0, 1, 6),))
EMPTY = Counts.empty(3)

UNDETERMINED = {
    "two groups that never met": (TWO_GROUPS, DisconnectedComparisons, ["disconnected"] * 4),
    "one that never won": (ZERO_WINS, SeparatedComparisons, ["ok"] * 3 + ["separated"]),
    "one that always won": (ALL_WINS, SeparatedComparisons, ["ok"] * 3 + ["separated"]),
    "a single vote": (SINGLE_VOTE, SeparatedComparisons, ["separated"] * 2),
    "a newcomer with one win": (NEWCOMER, SeparatedComparisons, ["ok"] * 5 + ["separated"]),
    "no vote at all": (EMPTY, NoComparisons, ["unrated"] * 3),
}


def widths(board: Board) -> list[float]:
    return [row.upper - row.lower for row in board.rows if row.upper is not None and row.lower is not None]


@pytest.mark.parametrize(("counts", "refusal", "statuses"), UNDETERMINED.values(), ids=UNDETERMINED)
def test_what_votes_do_not_determine_has_a_status_or_is_refused_by_name(
    counts: Counts, refusal: type[Exception], statuses: list[str]
) -> None:
    board = rate(counts)
    assert [row.status.value for row in board.rows] == statuses
    assert all((row.rating is None) == (row.status is not Status.OK) for row in board.rows)
    assert all(width > 0 for width in widths(board))
    with pytest.raises(refusal):
        rate(counts, Method(undetermined="refuse"))


@pytest.mark.parametrize("name", [name for name in UNDETERMINED if name != "no vote at all"])
@pytest.mark.parametrize("intervals", ["sandwich", "fisher", "bootstrap"])
def test_a_regularised_number_says_so_and_is_finite_and_wide(name: str, intervals: Any) -> None:
    counts = UNDETERMINED[name][0]
    board = rate(counts, Method(undetermined="regularise", intervals=intervals))
    assert {row.status for row in board.rows} == {Status.REGULARISED}
    assert board.status in {Status.DISCONNECTED, Status.SEPARATED}
    assert np.isfinite([row.rating for row in board.rows]).all()  # type: ignore[arg-type]
    loose = [row for row, status in zip(board.rows, UNDETERMINED[name][2], strict=True) if status != "ok"]
    assert all(row.upper - row.lower > WIDE for row in loose)  # type: ignore[operator]


def test_a_separated_board_equals_the_golden_file() -> None:
    golden = json.loads((Path(__file__).with_name("golden") / "separated.json").read_text())
    board = rate(Counts.of(np.array(golden["decisive"], dtype=float)))
    assert [list(group) for group in board.groups] == golden["groups"]
    assert [row.status.value for row in board.rows] == golden["statuses"]
    for row, points in zip(board.rows, golden["points"], strict=True):
        assert row.rating == (None if points is None else pytest.approx(points, abs=1e-6))


def test_no_vote_stays_without_a_number_even_when_regularised() -> None:
    assert [row.rating for row in rate(EMPTY, Method(undetermined="regularise")).rows] == [None] * 3


def test_a_newcomer_moves_the_others_by_no_more_than_its_imagined_votes_do() -> None:
    alone, both = rate(NEWCOMER.only(range(5))), rate(NEWCOMER, Method(undetermined="regularise"))
    strange = NEWCOMER.only(range(6))
    strange.cells[0, 5, 2] = 1000  # and if it wins a thousand times?
    strong = rate(strange, Method(undetermined="regularise"))
    for board in (both, strong):
        for i in range(1, 5):
            moved = (board.rows[i].rating - board.rows[0].rating) - (alone.rows[i].rating - alone.rows[0].rating)  # type: ignore[operator]
            assert abs(moved) < 1.0


@pytest.mark.parametrize("intervals", INTERVALS[:3])
def test_only_ties_are_equal_and_not_certain(intervals: Any) -> None:
    board = rate(ONLY_TIES, Method(intervals=intervals))
    assert [row.rating for row in board.rows] == pytest.approx([1000, 1000])
    assert all(width > WIDE for width in widths(board))
    assert [(row.rank_low, row.rank_high, row.tier) for row in board.rows] == [(1, 2, 1)] * 2


def test_one_that_only_tied_is_rated_with_an_honest_width() -> None:
    board = rate(counts_of(*ring(3, 200), n=4, ties=((0, 3, 12),)))
    row = board.rows[3]
    assert row.status is Status.OK
    assert row.upper - row.lower > WIDE  # type: ignore[operator]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("A,A,left", "row 3: 'A' meets itself"),
        ("A,B,upwards", "row 3: unknown winner 'upwards'"),
        ("A,B,", "row 3: no winner"),
    ],
)
def test_a_system_against_itself_or_no_outcome_refuse_the_file(tmp_path: Path, row: str, message: str) -> None:
    path = tmp_path / "votes.csv"
    path.write_text(f"left,right,winner\nA,B,left\nB,A,left\n{row}\nA,B,tie\n")
    with pytest.raises(BadVotes, match=message):
        read_votes(path)
