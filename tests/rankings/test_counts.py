"""Votes in columns become counts in one pass, in any batches and in any order."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.rankings.board import rate
from arena.rankings.method import Method
from arena.rankings.tallies import OUTCOMES, BadVote, Counts, Votes, count
from arena.votes.outcome import Outcome

N = 5
POINTS = 1e-6


@st.composite
def votes(draw: st.DrawFn) -> Votes:
    """Up to 60 votes among five, connected by two ties along a ring."""
    rows = draw(st.lists(st.tuples(st.integers(0, N - 1), st.integers(1, N - 1), st.integers(0, 3)), max_size=60))
    rows += [(i, 1, 2) for i in range(N)]
    left = np.array([row[0] for row in rows])
    return Votes(left, (left + [row[1] for row in rows]) % N, np.array([row[2] for row in rows], dtype=np.uint8))


def ratings(counts: Counts, method: Method | None = None) -> np.ndarray:
    return np.array([row.rating for row in rate(counts, method).rows], dtype=float)


@given(votes())
def test_every_vote_is_in_its_cell(columns: Votes) -> None:
    cells = Counter(zip(columns.outcome.tolist(), columns.left.tolist(), columns.right.tolist(), strict=True))
    counts = count(columns, N)
    assert {tuple(cell): counts.cells[tuple(cell)] for cell in np.argwhere(counts.cells).tolist()} == cells
    assert counts.votes().sum() == 2 * len(columns)
    assert counts.wins().sum() == len(columns)
    assert counts.wins("exclude").sum() == len(columns) - counts.both_bad.sum() / 2


@given(votes(), st.randoms(use_true_random=False))
def test_batches_in_any_order_give_the_same_bits(columns: Votes, random: object) -> None:
    order = list(range(len(columns)))
    random.shuffle(order)  # type: ignore[attr-defined]
    parts = np.array_split(np.array(order), 4)
    total = sum((count(columns.where(part), N) for part in parts), Counts.empty(N))  # type: ignore[arg-type]
    assert total.digest() == count(columns, N).digest()


@given(votes(), st.permutations(range(N)), st.integers(0, N))
def test_votes_among_some_count_as_the_counts_among_them(columns: Votes, order: list[int], some: int) -> None:
    members = order[:some]
    assert count(columns.only(members), some).digest() == count(columns, N).only(members).digest()


@pytest.mark.parametrize("n", [128, 129, 300])
def test_the_last_contenders_of_a_large_board_have_cells_of_their_own(n: int) -> None:
    columns = Votes(np.array([n - 1, n - 2]), np.array([n - 2, n - 1]), np.array([3, 0], dtype=np.uint8))
    cells = count(columns, n).cells
    assert np.argwhere(cells).tolist() == [[0, n - 2, n - 1], [3, n - 1, n - 2]]


@given(votes())
def test_one_vote_at_a_time_gives_the_same_bits(columns: Votes) -> None:
    counts = Counts.empty(N)
    for i, j, k in zip(columns.left.tolist(), columns.right.tolist(), columns.outcome.tolist(), strict=True):
        counts.add(i, j, OUTCOMES[k])
    assert counts.digest() == count(columns, N).digest()


@given(votes(), st.permutations(range(N)), st.sampled_from(["half", "davidson", "rao-kupper"]))
def test_renaming_and_swapping_sides_rename_the_board(columns: Votes, order: list[int], ties: str) -> None:
    place = np.array(order)
    mirror = np.array([1, 0, 2, 3], dtype=np.uint8)
    other = Votes(place[columns.right], place[columns.left], mirror[columns.outcome])
    method = Method(ties=ties, undetermined="regularise")  # type: ignore[arg-type]
    before, after = (ratings(count(these, N), method) for these in (columns, other))
    np.testing.assert_allclose(after[place], before, atol=POINTS)


def test_weights_are_summed_and_votes_are_still_counted() -> None:
    columns = Votes(np.array([0, 1, 0]), np.array([1, 0, 1]), np.array([0, 0, 2]), weight=np.array([2.0, 0.5, 1.5]))
    counts = count(columns, 2)
    assert counts.decisive.tolist() == [[0, 2], [0.5, 0]]
    assert counts.squared().decisive.tolist() == [[0, 4], [0.25, 0]]
    assert counts.votes().tolist() == [3, 3]
    doubled = counts + counts
    assert doubled.squares is not None
    assert doubled.votes().tolist() == [6, 6]


def test_a_weight_of_two_is_not_two_votes() -> None:
    """Ratings agree; the interval of weighted votes is wider, as there are fewer of them."""
    left, right = np.array([0, 0, 0, 1]), np.array([1, 1, 1, 0])
    outcome = np.zeros(4, dtype=np.uint8)
    heavy = rate(count(Votes(left, right, outcome, weight=np.full(4, 2.0)), 2)).rows[0]
    twice = rate(count(Votes(np.tile(left, 2), np.tile(right, 2), np.tile(outcome, 2)), 2)).rows[0]
    assert heavy.rating == pytest.approx(twice.rating)
    assert heavy.upper - heavy.rating == pytest.approx(np.sqrt(2) * (twice.upper - twice.rating))  # type: ignore[operator]


@pytest.mark.parametrize(
    ("change", "row", "reason"),
    [
        ({"left": [0, 1, 0, 1], "right": [1, 0, 0, 1]}, 2, "meets itself"),
        ({"left": [0, 2, 0, 1]}, 1, "no such contender"),
        ({"right": [-1, 0, 1, 0]}, 0, "no such contender"),
        ({"outcome": [0, 1, 2, 4]}, 3, "no such outcome"),
        ({"weight": [1, 1, -1, 1]}, 2, "negative"),
        ({"weight": [1, np.nan, 1, 1]}, 1, "not a finite number"),
    ],
)
def test_a_bad_vote_is_named_and_nothing_is_counted(change: dict[str, list[float]], row: int, reason: str) -> None:
    columns = {"left": [0, 1, 0, 1], "right": [1, 0, 1, 0], "outcome": [0, 1, 2, 3]} | change
    weight = columns.pop("weight", None)
    made = {name: np.array(values, dtype=np.int64) for name, values in columns.items()}
    with pytest.raises(BadVote, match=reason) as refusal:
        count(Votes(**made, weight=None if weight is None else np.array(weight, dtype=float)), 2)
    assert refusal.value.row == row


def test_a_single_vote_of_nobody_is_refused() -> None:
    counts = Counts.empty(2)
    with pytest.raises(BadVote):
        counts.add(1, 1, Outcome.TIE)
    with pytest.raises(BadVote):
        counts.add(0, 1, Outcome.TIE, -1)
    assert not counts.cells.any()
