"""The likelihood's maximum: published answers, properties, a second solver, and the refusals."""

from typing import Any

import numpy as np
import pytest
import scipy
from hypothesis import given
from hypothesis import strategies as st

from arena.rankings.bradley_terry import (
    MEAN,
    SCALE,
    DisconnectedComparisons,
    Fit,
    NoComparisons,
    SeparatedComparisons,
    probabilities,
)
from arena.rankings.bradley_terry import fit as fit_counts
from arena.rankings.graph import components_of, groups_of
from arena.rankings.tallies import Counts
from tests.rankings.samples import BASEBALL_1987, random_wins

POINTS = 1e-6


def fit(wins: Any) -> Fit:
    return fit_counts(Counts.of(wins))


def test_the_baseball_season_of_the_textbook_gives_the_published_strengths_and_errors() -> None:
    """Agresti, Categorical Data Analysis; the digits: Turner & Firth 2012, doi:10.18637/jss.v048.i09."""
    wins, strengths, errors = BASEBALL_1987
    fitted = fit(wins)
    model = fitted.inverse
    last = len(wins) - 1
    variances = [model[i, i] + model[last, last] - 2 * model[i, last] for i in range(last)]
    np.testing.assert_allclose(fitted.strengths - fitted.strengths[last], [*strengths, 0], atol=5e-5)
    np.testing.assert_allclose(np.sqrt(variances), errors, atol=5e-5)


def test_two_contenders_have_the_closed_form() -> None:
    ratings = fit(np.array([[0.0, 30.0], [10.0, 0.0]])).ratings
    np.testing.assert_allclose(ratings[0] - ratings[1], 400 * np.log10(3), atol=POINTS)
    np.testing.assert_allclose(ratings.mean(), MEAN, atol=1e-9)


def by_choix(wins: Any, tol: float) -> Any:
    """The second solver."""
    import choix  # half a second that every process would take to collect the tests

    return choix.ilsr_pairwise_dense(wins, tol=tol, max_iter=5000)


@pytest.mark.parametrize(
    ("n", "votes", "spread"), [(3, 40, 0.5), (12, 2_000, 1.0), (20, 20_000, 2.0), (100, 5_000, 1.0)]
)
def test_a_spectral_solver_finds_the_same_maximum(n: int, votes: int, spread: float) -> None:
    """I-LSR: Maystre & Grossglauser 2015, arXiv:1506.07947; it shares nothing with Newton's method but the model."""
    wins = random_wins(n, votes, spread, seed=n)
    found = by_choix(wins, tol=1e-12)
    np.testing.assert_allclose(SCALE * fit(wins).strengths, SCALE * (found - found.mean()), atol=POINTS)


def test_a_general_minimiser_finds_the_same_maximum() -> None:
    wins = random_wins(8, 500, 1.0, seed=3)

    def minus_log_likelihood(strengths: Any) -> float:
        return float((wins * np.logaddexp(0, strengths[None, :] - strengths[:, None])).sum())

    found = scipy.optimize.minimize(minus_log_likelihood, np.zeros(8), method="BFGS", options={"gtol": 1e-7}).x
    np.testing.assert_allclose(SCALE * fit(wins).strengths, SCALE * (found - found.mean()), atol=1e-3)


@pytest.mark.parametrize("strong", [1e2, 1e4, 1e6])
def test_a_nearly_separated_graph_is_still_exact(strong: float) -> None:
    wins = np.array([[0, strong, strong], [0.5, 0, 10], [0, 12, 0]])
    found = by_choix(wins, tol=1e-13)
    np.testing.assert_allclose(SCALE * fit(wins).strengths, SCALE * (found - found.mean()), atol=POINTS)


@st.composite
def connected_wins(draw: st.DrawFn) -> Any:
    """Wins of up to seven contenders with a tie along a ring, so that a maximum exists."""
    n = draw(st.integers(2, 7))
    cells = draw(st.lists(st.integers(0, 60), min_size=n * n, max_size=n * n))
    wins = np.array(cells, dtype=float).reshape(n, n)
    ring = np.arange(n)
    wins[ring, (ring + 1) % n] += 0.5
    wins[(ring + 1) % n, ring] += 0.5
    np.fill_diagonal(wins, 0)
    return wins


@given(wins=connected_wins(), data=st.data())
def test_renaming_the_contenders_renames_the_ratings(wins: Any, data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(wins))))
    np.testing.assert_allclose(fit(wins[np.ix_(order, order)]).ratings, fit(wins).ratings[order], atol=POINTS)


@given(wins=connected_wins())
def test_swapping_wins_and_losses_mirrors_the_ratings(wins: Any) -> None:
    np.testing.assert_allclose(fit(wins.T).strengths, -fit(wins).strengths, atol=POINTS / SCALE)


@given(wins=connected_wins(), factor=st.sampled_from([0.5, 3.0, 1000.0]))
def test_the_number_of_votes_alone_moves_no_rating(wins: Any, factor: float) -> None:
    np.testing.assert_allclose(fit(wins * factor).ratings, fit(wins).ratings, atol=POINTS)


@given(wins=connected_wins())
def test_ties_alone_make_everybody_equal(wins: Any) -> None:
    np.testing.assert_allclose(fit(wins + wins.T).ratings, MEAN, atol=POINTS)


@given(wins=connected_wins())
def test_at_the_maximum_everybody_has_won_as_often_as_expected(wins: Any) -> None:
    fitted = fit(wins)
    expected = ((wins + wins.T) * probabilities(fitted.strengths)).sum(axis=1)
    np.testing.assert_allclose(wins.sum(axis=1), expected, rtol=1e-8)
    assert fitted.score <= 1e-9


def test_a_second_run_gives_the_same_bits() -> None:
    wins = random_wins(30, 4_000, 1.0, seed=5)
    assert fit(wins).ratings.tobytes() == fit(wins.copy()).ratings.tobytes()


@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("prior", [0.0, 1.0])
def test_without_a_vote_nobody_gets_a_number(n: int, prior: float) -> None:
    with pytest.raises(NoComparisons):
        fit_counts(Counts.empty(n), prior=prior)


def test_votes_that_the_method_leaves_out_rate_nobody() -> None:
    only_bad = Counts.of(np.zeros((2, 2)), both_bad=np.array([[0, 4.0], [4, 0]]))
    assert fit_counts(only_bad).ratings.tolist() == pytest.approx([MEAN, MEAN])
    with pytest.raises(NoComparisons):
        fit_counts(only_bad, both_bad="exclude", prior=1.0)


def test_pieces_that_never_met_are_named_and_not_rated() -> None:
    wins = np.zeros((5, 5))
    wins[0, 3] = wins[3, 0] = wins[1, 2] = wins[2, 1] = 4
    with pytest.raises(DisconnectedComparisons) as refusal:
        fit(wins)
    assert refusal.value.components == ((0, 3), (1, 2), (4,))


def test_groups_that_never_lost_are_named_in_order_and_not_rated() -> None:
    wins = np.zeros((5, 5))
    wins[3, 0] = 7  # 3 beat 0 always; 0 and 2 are even; both always beat 4; 1 always beat 3
    wins[0, 2] = wins[2, 0] = 1
    wins[2, 4] = wins[0, 4] = wins[1, 3] = 1
    with pytest.raises(SeparatedComparisons) as refusal:
        fit(wins)
    assert refusal.value.groups == ((1,), (3,), (0, 2), (4,))


def test_half_a_win_each_way_is_enough_to_connect() -> None:
    wins = np.zeros((3, 3))
    wins[0, 1] = wins[1, 0] = wins[1, 2] = wins[2, 1] = 0.5
    assert isinstance(fit(wins), Fit)


@pytest.mark.parametrize(
    "wins",
    [np.zeros((0, 0)), np.zeros((2, 3)), np.eye(2), np.array([[0, -1.0], [1, 0]]), np.array([[0, np.nan], [1, 0]])],
)
def test_what_are_no_counts_is_refused(wins: Any) -> None:
    with pytest.raises(ValueError, match="cells must be"):
        fit(wins)


@given(st.integers(1, 7).flatmap(lambda n: st.lists(st.booleans(), min_size=n * n, max_size=n * n)))
def test_groups_partition_the_contenders_and_no_later_one_beats_an_earlier(cells: list[bool]) -> None:
    n = int(len(cells) ** 0.5)
    wins = np.array(cells, dtype=float).reshape(n, n)
    np.fill_diagonal(wins, 0)
    for groups in (groups_of(wins), components_of(wins)):
        assert sorted(member for group in groups for member in group) == list(range(n))
    groups = groups_of(wins)
    for at, group in enumerate(groups):
        for later in groups[at + 1 :]:
            assert not wins[np.ix_(later, group)].any()
