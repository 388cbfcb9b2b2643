"""Routers learn which member is best for which prompt, and equal a second solver."""

from functools import cache

import numpy as np
import pytest
import scipy

from arena.policies.routers import choose
from arena.policies.strengths import PRIOR_ALL, PRIOR_CLUSTER, fitted
from data_releases.routers import UnknownPolicy
from data_releases.routers.prediction import predicted
from data_releases.routers.training import POLICIES, factor_loss, fit, overall, packed
from tests.data_releases.routers.logged import MEMBERS, STRENGTHS, drawn

# Made by the first test that asks, not by every process that collects.


@cache
def train():
    return drawn(1000, seed=21)


@cache
def validation():
    return drawn(250, seed=22)


@cache
def held_out():
    return drawn(400, seed=23)


@cache
def fits(policy):
    return fit(policy, train().votes, validation().votes, MEMBERS, seed=1)


@pytest.mark.parametrize("policy", sorted(POLICIES))
def test_each_policy_finds_the_best_member_of_each_kind_of_prompt(policy):
    strengths = fits(policy).router.strengths(held_out().votes.vectors)
    best = STRENGTHS.argmax(axis=1)[held_out().kind]
    assert (strengths.argmax(axis=1) == best).mean() > 0.9


@pytest.mark.parametrize("policy", sorted(POLICIES))
def test_each_policy_foretells_votes_better_than_strengths_that_ignore_the_prompt(policy):
    told = predicted(fits(policy).router.strengths(held_out().votes.vectors), held_out().votes, seed=1)
    blind = predicted(np.tile(overall(train().votes, MEMBERS), (len(held_out().votes), 1)), held_out().votes, seed=1)
    assert told.log_loss.upper < blind.log_loss.lower
    assert told.accuracy.value > blind.accuracy.value + 0.05


@pytest.mark.parametrize("policy", sorted(POLICIES))
def test_the_same_seed_gives_the_same_router_and_the_option_is_the_best_of_the_validation_part(policy):
    again = fit(policy, train().votes, validation().votes, MEMBERS, seed=1)
    mine, vectors = fits(policy), held_out().votes.vectors
    assert np.array_equal(again.router.strengths(vectors), mine.router.strengths(vectors))
    (chosen,) = mine.options.values()
    assert mine.tried[chosen] == min(mine.tried.values())


def test_without_a_validation_part_the_first_value_is_taken():
    none = validation().votes.where(np.zeros(len(validation().votes), bool))
    found = fit("cluster_bt", train().votes, none, MEMBERS, seed=1)
    assert found.options == {"clusters": POLICIES["cluster_bt"].values[0]}
    assert found.tried == {}


def test_an_unknown_policy_is_refused_with_the_known_ones():
    with pytest.raises(UnknownPolicy, match="knn, mf, cluster_bt"):
        fit("elo", train().votes, validation().votes, MEMBERS, seed=1)


def test_strengths_by_all_votes_equal_those_of_choix():
    import choix  # half a second that every process would take to collect the tests

    votes = train().votes
    won = [(a, b) if s else (b, a) for a, b, s in zip(votes.left, votes.right, votes.score, strict=True)]
    # choix subtracts alpha · Σ θ², we Σ θ² / (2 σ²).
    theirs = choix.opt_pairwise(MEMBERS, won, alpha=1 / (2 * PRIOR_ALL**2), tol=1e-10)
    assert overall(votes, MEMBERS) == pytest.approx(theirs, abs=1e-5)


def test_strengths_of_a_cluster_equal_a_logistic_regression_around_all_votes():
    router, votes = fits("cluster_bt").router, train().votes
    prior = overall(votes, MEMBERS)
    own = votes.where(((votes.vectors[:, None] - router.centres) ** 2).sum(axis=2).argmin(axis=1) == 0)
    wins = np.zeros((MEMBERS, MEMBERS))
    for a, b, s in zip(own.left, own.right, own.score, strict=True):
        wins[(a, b) if s else (b, a)] += 1
    # Shifted by the prior, a strength is a coefficient with a ridge; the shift of each vote is a feature of its own.
    pairs = np.eye(MEMBERS)[own.left] - np.eye(MEMBERS)[own.right]
    offset = prior[own.left] - prior[own.right]
    shifted = fitted(wins, prior, PRIOR_CLUSTER)
    slope = pairs.T @ (1 / (1 + np.exp(-(pairs @ shifted))) - own.score) + (shifted - prior) / PRIOR_CLUSTER**2
    assert np.abs(slope).max() < 1e-6
    assert router.table[0] == pytest.approx(shifted, abs=1e-9)
    from sklearn.linear_model import LogisticRegression

    # Where the prior's centre is 0 the ridge of scikit-learn is the same problem.
    plain = LogisticRegression(C=PRIOR_CLUSTER**2, fit_intercept=False, tol=1e-8, max_iter=1000)
    theirs = plain.fit(pairs, own.score).coef_[0]
    assert fitted(wins, np.zeros(MEMBERS), PRIOR_CLUSTER) == pytest.approx(theirs, abs=1e-4)
    assert offset.shape == own.score.shape


def test_the_gradient_of_the_factor_model_is_that_of_its_loss():
    router = fit("mf", train().votes.where(np.arange(1000) < 60), validation().votes, MEMBERS, seed=1).router
    votes = train().votes.where(np.arange(1000) < 60)
    shapes = [router.projection.shape, router.factors.shape, router.bias.shape]
    flat = packed(router) + np.random.default_rng(5).normal(0, 0.1, packed(router).size)
    off = scipy.optimize.check_grad(
        lambda x: factor_loss(x, votes, shapes)[0], lambda x: factor_loss(x, votes, shapes)[1], flat
    )
    assert off < 1e-3


def test_without_factors_the_factor_model_is_bradley_terry_by_choix():
    found = fits("mf").router
    votes = train().votes
    shapes = [found.projection.shape, found.factors.shape, found.bias.shape]
    none = type(found)(np.zeros_like(found.projection), np.zeros_like(found.factors), overall(votes, MEMBERS))
    loss, gradient = factor_loss(packed(none), votes, shapes)
    # Its maximum where factors are 0, and the fitted router is better than that.
    assert np.abs(gradient[-MEMBERS:]).max() < 1e-6
    assert factor_loss(packed(found), votes, shapes)[0] < loss


def test_a_vote_on_a_similar_prompt_moves_a_neighbour_and_one_on_another_subject_does_not():
    router = fits("knn").router
    nothing = np.zeros((1, router.vectors.shape[1]), np.float32)
    assert router.strengths(nothing)[0] == pytest.approx(router.overall)
    assert np.abs(router.strengths(held_out().votes.vectors[:1])[0] - router.overall).max() > 0.3


def test_the_strongest_of_those_that_can_be_had_is_chosen():
    names = ("a", "b", "c", "d")
    router = fits("cluster_bt").router
    vector = held_out().votes.vectors[0]
    order = [names[n] for n in np.argsort(-router.strengths(vector[None])[0])]
    first = choose(router, names, vector, frozenset(names))
    assert first.member == order[0]
    assert max(first.scores, key=first.scores.get) == order[0]
    assert choose(router, names, vector, frozenset(order[1:])).member == order[1]
    alone = choose(router, names, vector, frozenset(order[3:]))
    assert (alone.member, alone.scores) == (order[3], {order[3]: 1.0})
