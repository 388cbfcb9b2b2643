"""All figures of a router on a release's held-out votes. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from arena.policies.routers import Numbers, Router
from arena.policies.strengths import Array
from data_releases.routers.bootstrap import Estimate
from data_releases.routers.curves import CostCurve, StrongWeak, cost_curve, strong_weak
from data_releases.routers.prediction import Prediction, predicted
from data_releases.routers.training import overall
from data_releases.routers.values import Value, difference, picks, terms_against, terms_at_random, value_of
from data_releases.routers.votes import RoutingData, Votes


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a router is worth. `best`: the member that is strongest by all training votes.

    predictions: part → of the router; without_prompts: part → of the training votes' overall strengths alone.
    against_best: its wins against the best single system; None where no held-out pool has that. at_random: its wins
    against another system drawn at random; best_at_random: those of the best single system; gain: the difference.
    two_systems, curve: None where `missing` says why. share: member → share of the test prompts that it would answer.
    """

    best: int
    predictions: Mapping[str, Prediction]
    without_prompts: Mapping[str, Prediction]
    share: Array
    against_best: Value | None
    at_random: Value
    best_at_random: Value | None
    gain: Estimate | None
    two_systems: StrongWeak | None
    curve: CostCurve | None
    missing: Mapping[str, str]


def judged(router: Router, data: RoutingData, seed: int) -> Judgement:
    """Judge a router on the validation and test parts; values and curves on the test part alone."""
    members = len(data.members)
    prior = overall(data.parts["train"], members)
    best = int(prior.argmax())
    held_out = {part: data.parts[part] for part in ("validation", "test")}
    strengths = {part: router.strengths(votes.vectors) for part, votes in held_out.items()}
    test, tested = held_out["test"], strengths["test"]
    kept = np.asarray(test.pool.any(axis=1))
    test, tested = test.where(kept), tested[kept]
    picked = picks(tested, test.pool)
    with_best = test.pool[:, best]
    rest, of_rest, picked_rest = test.where(with_best), tested[with_best], picked[with_best]
    missing = _missing(rest, best, data.costs_usd)
    return Judgement(
        best=best,
        predictions={part: predicted(strengths[part], votes, seed) for part, votes in held_out.items()},
        without_prompts={
            part: predicted(np.tile(prior, (len(votes), 1)), votes, seed) for part, votes in held_out.items()
        },
        share=np.bincount(picked, minlength=members) / len(picked),
        at_random=value_of(terms_at_random(picked, test, tested), test, seed),
        two_systems=None if "two_systems" in missing else _two_systems(rest, of_rest, best, data.costs_usd, seed),
        curve=None if "curve" in missing else cost_curve(test, tested, data.costs_usd, seed),
        missing=missing,
        **_beside(best, rest, of_rest, picked_rest, seed),
    )


def _beside(best: int, votes: Votes, strengths: Array, picked: Numbers, seed: int) -> dict[str, Any]:
    """The figures beside the best single system, on the votes whose pool has it."""
    if not len(votes):
        return {"against_best": None, "best_at_random": None, "gain": None}
    single = terms_at_random(np.full(len(votes), best), votes, strengths)
    return {
        "against_best": value_of(terms_against(picked, best, votes, strengths), votes, seed),
        "best_at_random": value_of(single, votes, seed),
        "gain": difference(terms_at_random(picked, votes, strengths), single, votes, seed),
    }


def _two_systems(votes: Votes, strengths: Array, best: int, costs: Array, seed: int) -> StrongWeak:
    weak = int(costs.argmin())
    both = votes.pool[:, weak]
    return strong_weak(votes.where(both), strengths[both], best, weak, seed)


def _missing(with_best: Votes, best: int, costs: Array) -> dict[str, str]:
    """Which curves cannot be drawn, and why."""
    if np.isnan(costs).any():
        return dict.fromkeys(("curve", "two_systems"), "of some system no answer has a known cost")
    # A mean of equal numbers is equal to the last bit but one.
    if np.allclose(costs, costs[0], rtol=1e-9, atol=0.0):
        return dict.fromkeys(("curve", "two_systems"), "all systems cost the same")
    if costs[best] == costs.min():
        return {"two_systems": "the best single system is the cheapest one as well"}
    if not with_best.pool[:, int(costs.argmin())].any():
        return {"two_systems": "no test prompt could have had both the best and the cheapest system"}
    return {}
