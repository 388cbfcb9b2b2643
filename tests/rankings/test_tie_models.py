"""Models of ties: their derivatives, a general minimiser, a golden file, and their edges."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy

from arena.rankings.board import Status, rate
from arena.rankings.bradley_terry import TiesUnbounded, fit
from arena.rankings.intervals import covariance
from arena.rankings.method import Method
from arena.rankings.tallies import Counts
from arena.rankings.terms import SCALE
from arena.rankings.tie_models import MODELS, outer
from tests.rankings.worlds import World, davidson, even

GOLDEN = json.loads((Path(__file__).with_name("golden") / "tie_heavy.json").read_text())
TIE_MODELS = ("davidson", "rao-kupper")


def log_likelihood(name: str, counts: Counts, strengths: Any, tie: float) -> float:
    win, even_chance = MODELS[name].chances(strengths[:, None] - strengths[None, :], tie)  # type: ignore[index]
    off = ~np.eye(counts.n, dtype=bool)
    decisive = (counts.decisive[off] * np.log(win[off])).sum()
    return float(decisive + (counts.ties[off] * np.log(even_chance[off])).sum() / 2)


def board(seed: int = 3) -> Counts:
    return World(even(4, 600), np.array([0.6, 0.1, -0.2, -0.5]), 1.3).counts(np.random.default_rng(seed))


@pytest.mark.parametrize("name", TIE_MODELS)
def test_a_general_minimiser_finds_the_same_maximum(name: str) -> None:
    counts = board()
    found = scipy.optimize.minimize(
        lambda x: -log_likelihood(name, counts, np.append(x[:3], -x[:3].sum()), x[3]),
        np.array([0, 0, 0, 0.5]),
        method="BFGS",
        options={"gtol": 1e-6},
    ).x
    fitted = fit(counts, name)  # type: ignore[arg-type]
    np.testing.assert_allclose(SCALE * fitted.strengths[:3], SCALE * found[:3], atol=1e-2)
    assert fitted.tie == pytest.approx(found[3], abs=1e-4)


@pytest.mark.parametrize("name", ["half", *TIE_MODELS])
def test_slopes_and_curvatures_are_those_of_the_likelihood(name: str) -> None:
    """By finite differences of the slopes, and of the slopes of single votes."""
    counts, model, step = board(), MODELS[name], 1e-6  # type: ignore[index]
    d = np.array([[0.0, 0.4, 0.9, -0.3], [-0.4, 0, 0.5, -0.7], [-0.9, -0.5, 0, -1.2], [0.3, 0.7, 1.2, 0]])
    decisive, ties, tie = counts.decisive, counts.ties, 0.4
    curve = model.curvature(decisive, ties, d, tie)
    up, down = (model.slope(decisive, ties, d + sign * step * np.sign(d), tie) for sign in (1, -1))
    numeric = -(up.difference - down.difference) / (2 * step) * np.sign(d)
    np.testing.assert_allclose(curve.difference, numeric, atol=1e-4)
    if model.has_parameter:
        up, down = (model.slope(decisive, ties, d, tie + sign * step) for sign in (1, -1))
        np.testing.assert_allclose(curve.mixed, -(up.difference - down.difference) / (2 * step), atol=1e-4)
        assert curve.tie == pytest.approx(-(up.tie - down.tie) / (2 * step), rel=1e-5)
    (won, _won_tie), (drawn, _drawn_tie) = model.single(d, tie)
    slope = model.slope(decisive, ties, d, tie).difference
    np.testing.assert_allclose(slope, decisive * won - (decisive * won).T + ties * drawn, atol=1e-9)
    assert (outer(model, decisive, ties, d, tie).difference >= 0).all()


@pytest.mark.parametrize("ties", ["half", *TIE_MODELS])
def test_a_board_of_mostly_ties_equals_the_golden_file(ties: str) -> None:
    """Solved by others: choix (half), evalica.newman (Davidson), arenakit.fit_rao_kupper; see the file."""
    counts = Counts.of(np.array(GOLDEN["decisive"], dtype=float), np.array(GOLDEN["ties"], dtype=float))
    expected = GOLDEN["ratings"][ties]
    found = rate(counts, Method(ties=ties))  # type: ignore[arg-type]
    np.testing.assert_allclose([row.rating for row in found.rows], expected["points"], atol=expected["within"])


def test_davidsons_parameter_and_its_interval_hold_the_truth() -> None:
    world, rng, held = World(even(6, 3000), np.linspace(-0.8, 0.8, 6), 1.1), np.random.default_rng(8), 0
    for _board in range(100):
        tie = rate(world.counts(rng), Method(ties="davidson", simultaneous=False, sequence="off")).tie
        assert tie is not None
        assert tie.upper is not None
        assert tie.lower < tie.value < tie.upper
        held += tie.lower <= 1.1 <= tie.upper
    assert held >= 88  # binomial: 95 ± 3 · 2.2


def test_under_davidsons_model_its_own_covariance_and_the_robust_one_agree() -> None:
    counts = World(even(5, 400_000), np.linspace(-1, 1, 5), 1.0).counts(np.random.default_rng(4))
    fitted = fit(counts, "davidson")
    robust, model = (np.diagonal(covariance(fitted, counts, kind)) for kind in ("sandwich", "fisher"))  # type: ignore[arg-type]
    np.testing.assert_allclose(robust, model, rtol=0.02)


def test_probabilities_sum_to_one() -> None:
    strengths = np.array([0.9, 0.0, -0.4])
    for name in TIE_MODELS:
        win, drawn = MODELS[name].chances(strengths[:, None] - strengths[None, :], 0.3)  # type: ignore[index]
        np.testing.assert_allclose(win + win.T + drawn, 1, atol=1e-12)
    win, drawn = davidson(strengths, 0.7)
    np.testing.assert_allclose(win + win.T + drawn, 1, atol=1e-12)


@pytest.mark.parametrize("name", TIE_MODELS)
def test_without_a_tie_the_parameter_is_at_its_edge_and_ratings_are_plain(name: str) -> None:
    counts = Counts.of(np.array([[0, 6.0, 5], [3, 0, 4], [2, 4, 0]]))
    found, plain = rate(counts, Method(ties=name)), rate(counts)  # type: ignore[arg-type]
    assert found.tie is not None
    assert (found.tie.value, found.tie.upper) == ({"davidson": 0.0, "rao-kupper": 1.0}[name], None)
    assert [row.rating for row in found.rows] == [row.rating for row in plain.rows]


@pytest.mark.parametrize("name", TIE_MODELS)
def test_nothing_but_ties_has_no_strengths_under_a_model_of_ties(name: str) -> None:
    counts = Counts.of(np.zeros((2, 2)), np.array([[0, 5.0], [5, 0]]))
    with pytest.raises(TiesUnbounded):
        rate(counts, Method(ties=name))  # type: ignore[arg-type]
    assert rate(counts).status is Status.OK


def test_one_win_among_ties_bounds_no_tie_parameter_and_a_win_each_way_does() -> None:
    ties = np.array([[0, 2.0, 2], [2, 0, 2], [2, 2, 0]])
    wins = np.zeros((3, 3))
    wins[0, 1] = 1
    with pytest.raises(TiesUnbounded):
        fit(Counts.of(wins, ties), "davidson")
    chain = wins.copy()
    chain[1, 2] = 1  # three levels, and 0 tied with 2: against the order
    assert fit(Counts.of(chain, ties), "davidson").tie is not None
    wins[1, 0] = 1
    assert fit(Counts.of(wins, ties), "rao-kupper").tie is not None
