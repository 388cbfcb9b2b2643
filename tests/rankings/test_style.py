"""Style control: the truth is found where the plain rating is fooled; the sums are those of single votes."""

from typing import Any

import numpy as np
import pytest
import scipy

from arena.rankings.bradley_terry import NotConverged, SeparatedComparisons
from arena.rankings.intervals import VotersNeeded
from arena.rankings.markdown_style import NAMES, Covariates, covariates
from arena.rankings.style import UselessCovariates, differences, fit_style
from arena.rankings.tallies import Votes
from arena.rankings.terms import MEAN, SCALE

STRENGTHS = np.array([0.4, 0.1, -0.1, -0.4])
WORTH = np.array([0.8, -0.3])


def world(number: int, seed: int, voters: int = 0) -> tuple[Votes, Any]:
    """Four systems; the weakest writes the longest answers, and length sells."""
    rng = np.random.default_rng(seed)
    left = rng.integers(0, 4, number)
    right = (left + rng.integers(1, 4, number)) % 4
    habit = np.array([[-0.8, 0.0], [-0.2, 0.1], [0.2, 0.0], [0.9, -0.1]])
    x = habit[left] - habit[right] + rng.normal(0, 0.5, (number, 2))
    taste = np.zeros(number)
    voter = None
    if voters:
        voter = rng.integers(0, voters, number)
        taste = rng.normal(0, 1.5, voters)[voter] * x[:, 0]
    d = STRENGTHS[left] - STRENGTHS[right] + x @ WORTH + taste
    won = rng.random(number) < 1 / (1 + np.exp(-d))
    return Votes(left, right, np.where(won, 0, 1), voter=voter), x


def test_style_control_finds_the_strengths_that_length_hides() -> None:
    votes, x = world(40_000, seed=1)
    found = fit_style(votes, 4, x, ["length", "lists"])
    assert found.plain.strengths.argmax() == 3  # the longest answers win
    assert found.ratings.argmax() == 0
    np.testing.assert_allclose(found.ratings, MEAN + SCALE * STRENGTHS, atol=20)
    for coefficient, worth in zip(found.coefficients, WORTH, strict=True):
        error = (coefficient.upper - coefficient.lower) / (2 * 1.96)
        assert abs(coefficient.points - SCALE * worth * coefficient.unit) < 3 * error
    assert (found.limits.lower < found.ratings).all()
    assert (found.plain_limits.lower < found.plain.ratings).all()


def test_a_general_minimiser_and_sums_over_single_votes_agree() -> None:
    votes, x = world(600, seed=2)
    found = fit_style(votes, 4, x, ["length", "lists"])
    z = np.zeros((len(votes), 6))
    z[np.arange(len(votes)), votes.left] += 1
    z[np.arange(len(votes)), votes.right] -= 1
    units = np.array([coefficient.unit for coefficient in found.coefficients])
    z[:, 4:] = x / units
    y = (votes.outcome == 0).astype(float)

    def loss(parameters: Any) -> float:
        d = z @ parameters
        return float((np.logaddexp(0, d) - y * d).sum() + parameters[:4].sum() ** 2)

    best = scipy.optimize.minimize(loss, np.zeros(6), method="BFGS", options={"gtol": 1e-8}).x
    np.testing.assert_allclose(found.parameters, best, atol=1e-5)
    p = 1 / (1 + np.exp(-z @ found.parameters))
    bread = np.linalg.pinv(z.T @ (z * (p * (1 - p))[:, None]))
    robust = bread @ (z.T @ (z * ((y - p) ** 2)[:, None])) @ bread
    np.testing.assert_allclose(found.covariance, robust, atol=1e-8)


def test_intervals_hold_and_voters_with_tastes_need_clusters() -> None:
    held = {False: 0, True: 0}
    for seed in range(60):
        votes, x = world(3_000, seed=100 + seed, voters=60)
        for clustered in held:
            length = fit_style(votes, 4, x, ["length", "lists"], clustered=clustered).coefficients[0]
            # Averaged over tastes, the slope is smaller than without them; by simulation of 4e6 votes.
            held[clustered] += length.lower < SCALE * 0.583 * length.unit < length.upper
    assert held[False] < 45
    assert held[True] >= 51


def test_swapping_sides_mirrors_everything_and_changes_nothing() -> None:
    votes, x = world(3_000, seed=3)
    mirror = Votes(votes.right, votes.left, 1 - votes.outcome)
    one, other = fit_style(votes, 4, x, ["a", "b"]), fit_style(mirror, 4, -x, ["a", "b"])
    np.testing.assert_allclose(one.ratings, other.ratings, atol=1e-6)
    np.testing.assert_allclose(one.covariance, other.covariance, atol=1e-12)


def test_a_warm_start_needs_fewer_passes_and_lands_at_the_same_place() -> None:
    votes, x = world(5_000, seed=4)
    cold = fit_style(votes, 4, x, ["a", "b"])
    warm = fit_style(votes, 4, x, ["a", "b"], start=cold.parameters)
    assert warm.passes < cold.passes
    np.testing.assert_allclose(warm.ratings, cold.ratings, atol=1e-6)


def test_covariates_that_say_nothing_are_refused_by_name() -> None:
    votes, x = world(500, seed=5)
    with pytest.raises(UselessCovariates, match="flat"):
        fit_style(votes, 4, np.column_stack([x[:, 0], np.zeros(500)]), ["length", "flat"])
    with pytest.raises(UselessCovariates, match="already say"):
        fit_style(votes, 4, np.column_stack([x[:, 0], 2 * x[:, 0]]), ["length", "twice"])
    with pytest.raises(ValueError, match="finite"):
        fit_style(votes, 4, np.full((500, 1), np.nan), ["length"])
    with pytest.raises(ValueError, match="shape"):
        fit_style(votes, 4, x, ["length"])
    with pytest.raises(VotersNeeded):
        fit_style(votes, 4, x, ["a", "b"], clustered=True)
    with pytest.raises(SeparatedComparisons):
        fit_style(Votes(np.array([0, 0]), np.array([1, 1]), np.array([0, 0])), 2, np.ones((2, 1)), ["a"])


@pytest.mark.parametrize(
    ("number", "differing"), [*((n, few) for n in (200, 2000, 20_000) for few in (1, 2, 5)), (200_000, 1)]
)
def test_a_covariate_whose_worth_the_votes_do_not_bound_is_refused(number: int, differing: int) -> None:
    votes, _x = world(number, seed=6)
    x = np.zeros((number, 1))
    # It differs in a few votes, and the side that has more of it won each.
    x[:differing, 0] = np.where(votes.outcome[:differing] == 0, 1.0, -1.0)
    with pytest.raises(NotConverged):
        fit_style(votes, 4, x, ["length"])


def test_relative_differences_lie_between_minus_one_and_one() -> None:
    left, right = np.array([[0.0, 3], [5, 0]]), np.array([[0.0, 1], [0, 0]])
    assert differences(left, right).tolist() == [[0, 0.5], [1, 0]]


def test_amounts_in_markdown_are_what_a_reader_sees() -> None:
    text = "# Plan\n**Two** words and __more__.\n- one\n  * two\n3. three\n```py\n# no heading\n- no list\n```\n## End"
    found = covariates(text)
    assert found.headings == 2
    assert found.lists == 3
    assert found.bold == 2
    assert found.code == 1
    assert covariates("").amounts() == (0, 0, 0, 0, 0)
    assert covariates("It's 3 apples.").tokens == 6
    assert covariates("日本語です").tokens == 5
    assert NAMES == ("tokens", "headings", "lists", "bold", "code")
    assert covariates("~~~\ncode that never ends\n# x") == Covariates(9, 0, 0, 0, 1)


@pytest.mark.parametrize("text", ["**a " * 20_000, "#" * 100_000, "- " * 60_000, "`" * 100_000, "_" * 100_000])
def test_hostile_markdown_is_read_in_a_moment(text: str) -> None:
    import time

    start = time.process_time()
    covariates(text)
    assert time.process_time() - start < 5
