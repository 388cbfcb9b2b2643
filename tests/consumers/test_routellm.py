"""RouteLLM's parts train on an export as it is, with the names that its adapter supplies."""

import json

import pytest

from tests.consumers.conftest import TOLD, WORTH


@pytest.fixture(scope="module")
def pair(held_out):
    return held_out.partner()


@pytest.fixture(scope="module")
def said(exported, run, held_out, pair, tmp_path_factory):
    work = tmp_path_factory.mktemp("routellm")
    queries = work / "queries.json"
    queries.write_text(json.dumps(held_out.texts))
    return run("in_routellm", exported("routellm"), work, queries, held_out.best_single, pair[0])


def test_its_factorisation_among_all_systems_beats_the_best_single_one(said, held_out):
    worth = held_out.worth(said["choices"])
    WORTH["RouteLLM mf, among all"] = worth
    single, oracle = WORTH["best single system"].true, WORTH["oracle"].true
    assert worth.true > (single + oracle) / 2
    assert worth.doubly_robust.lower <= worth.true <= worth.doubly_robust.upper


@pytest.mark.parametrize("router", ["mf", "sw_ranking"])
def test_between_two_systems_it_is_better_than_lots_drawn_for_the_same_share(said, held_out, pair, router):
    weak, share = pair
    rates = said["rates"][router]
    worth = held_out.worth(held_out.routed(rates, weak, share))
    WORTH[f"RouteLLM {router}, {share:.0%} {held_out.best_single}, else {weak}"] = worth
    recovered = held_out.recovered(rates, weak)
    TOLD.append(f"RouteLLM {router}: APGR {recovered:.2f} (drawing lots: 0.50)")
    strong, other = (held_out.true_worth(dict.fromkeys(held_out.texts, name)) for name in (held_out.best_single, weak))
    assert worth.true > share * strong + (1 - share) * other
    assert recovered > 0.5
