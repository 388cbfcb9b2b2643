"""What follows from an estimate: the win matrix, rates of bad answers, and settings that can be read back."""

import json

import numpy as np
import pytest

from arena.rankings.absolute import both_bad_rates
from arena.rankings.board import UnknownAnchor, rate
from arena.rankings.estimate import win_matrix
from arena.rankings.method import BadMethod, Method
from arena.rankings.tallies import Counts
from arena.rankings.terms import SCALE
from tests.rankings.worlds import World, davidson, even

STRENGTHS = np.linspace(0.7, -0.7, 5)


def test_the_win_matrix_holds_what_the_ratings_say_and_its_intervals_hold_the_truth() -> None:
    world, rng = World(even(5, 2_000), STRENGTHS, 0.0), np.random.default_rng(1)
    win, _tie = davidson(STRENGTHS, 0.0)
    off, held = ~np.eye(5, dtype=bool), 0.0
    for _board in range(150):
        board = rate(world.counts(rng), Method(simultaneous=False))
        assert board.estimate is not None
        found = win_matrix(board.estimate)
        held += float(((found.lower <= win) & (win <= found.upper))[off].mean()) / 150
    assert held == pytest.approx(0.95, abs=0.02)
    assert found.tie is None
    np.testing.assert_allclose((found.p + found.p.T)[off], 1)
    np.testing.assert_allclose((found.lower + found.upper.T)[off], 1)
    ratings = [row.rating for row in board.rows]
    expected = 1 / (1 + 10 ** ((ratings[3] - ratings[0]) / 400))  # type: ignore[operator]
    assert found.p[0, 3] == pytest.approx(expected)
    assert np.isnan(np.diagonal(found.p)).all()


@pytest.mark.parametrize("ties", ["davidson", "rao-kupper"])
def test_under_a_model_of_ties_a_tie_is_half_a_preference_in_its_limits_too(ties: str) -> None:
    counts = World(even(4, 1_000), STRENGTHS[:4]).counts(np.random.default_rng(2))
    board = rate(counts, Method(ties=ties))  # type: ignore[arg-type]
    assert board.estimate is not None
    found = win_matrix(board.estimate)
    assert found.tie is not None
    off = ~np.eye(4, dtype=bool)
    np.testing.assert_allclose((found.p + found.p.T)[off], 1)
    np.testing.assert_allclose((found.lower + found.upper.T)[off], 1)
    np.testing.assert_allclose((found.tie - found.tie.T)[off], 0, atol=1e-12)
    assert ((found.tie > 0) & (found.tie / 2 < found.p))[off].all()
    assert ((found.lower < found.p) & (found.p < found.upper))[off].all()


def test_an_anchor_moves_all_numbers_alike_and_keeps_a_width_of_its_own() -> None:
    counts = World(even(4, 800), STRENGTHS[:4]).counts(np.random.default_rng(3))
    names = ["Ada", "Bell", "Cray", "Dijk"]
    plain = rate(counts, names=names)
    anchored = rate(counts, Method(anchor="Cray", anchor_rating=1200), names=names)
    assert anchored.rows[2].rating == 1200
    moved = set()
    for new, old in zip(anchored.rows, plain.rows, strict=True):
        moved.add(round(new.rating - old.rating, 9))  # type: ignore[operator]
        moved.add(round(new.sequence_upper - old.sequence_upper, 9))  # type: ignore[operator]
    assert len(moved) == 1
    assert anchored.rows[2].lower < 1200 < anchored.rows[2].upper  # type: ignore[operator]
    with pytest.raises(UnknownAnchor):
        rate(counts, Method(anchor="Zoe"), names=names)
    with pytest.raises(UnknownAnchor, match="no rating"):
        rate(Counts.of(np.array([[0, 3.0, 2], [2, 0, 0], [0, 0, 0]])), Method(anchor="Cray"), names=names[:3])


def test_who_has_too_few_votes_has_a_status_and_moves_nobody() -> None:
    counts = World(even(4, 800), STRENGTHS[:4]).counts(np.random.default_rng(3))
    more = Counts(np.pad(counts.cells, ((0, 0), (0, 1), (0, 1))))
    more.cells[0, 0, 4], more.cells[0, 4, 0] = 3, 4
    board = rate(more, Method(minimum_votes=30))
    assert [row.status.value for row in board.rows] == ["ok"] * 4 + ["too_few_votes"]
    assert [row.rating for row in board.rows[:4]] == [row.rating for row in rate(counts).rows]
    assert board.rows[4].votes == 7


def test_the_rate_of_bad_answers_has_wilsons_interval() -> None:
    """10 of 40: 14.2 to 40.2 %, as tabulated; none of 20: 0 to 16.1 %."""
    counts = Counts.empty(3)
    counts.cells[0, 0, 1], counts.cells[3, 0, 1] = 30, 10
    counts.cells[0, 1, 2] = 20
    rates = both_bad_rates(counts, 0.95)
    assert (rates.rate[0], rates.rate[2]) == (0.25, 0)
    assert [round(value, 3) for value in (rates.lower[0], rates.upper[0])] == [0.142, 0.402]
    assert rates.lower[2] == pytest.approx(0, abs=1e-12)
    assert round(rates.upper[2], 3) == 0.161


def test_bad_answers_told_apart_do_not_count_as_ties() -> None:
    counts = Counts.empty(2)
    counts.cells[:, 0, 1] = [5, 3, 0, 8]
    apart, excluded = (rate(counts, Method(both_bad=how)).rows for how in ("apart", "exclude"))  # type: ignore[arg-type]
    assert [row.rating for row in apart] == [row.rating for row in excluded]
    assert apart[0].both_bad_rate == 0.5
    assert excluded[0].both_bad_rate is None
    assert apart[0].rating - apart[1].rating == pytest.approx(SCALE * np.log(5 / 3))  # type: ignore[operator]


def test_a_method_can_be_read_back_from_what_a_board_says_of_it() -> None:
    method = Method(
        "davidson", "apart", "clustered", 0.9, anchor="Ada", seed=4, minimum_votes=30, undetermined="refuse"
    )
    assert Method.from_description(json.loads(json.dumps(method.described()))) == method
    assert Method.from_description(Method().described()) == Method()
    assert Method.from_description({"name": "bradley-terry", "both_bad": "half"}) == Method()


@pytest.mark.parametrize(
    "setting",
    [
        {"ties": "thirds"},
        {"both_bad": "half"},
        {"intervals": "guess"},
        {"level": 1.0},
        {"seed": -1},
        {"replicates": 1},
    ],
)
def test_a_setting_that_does_not_exist_is_refused(setting: dict[str, object]) -> None:
    with pytest.raises(BadMethod):
        Method(**setting)  # type: ignore[arg-type]
