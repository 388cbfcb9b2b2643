"""A router's figures: as values for its JSON, as lines for a terminal and as its card. Pure."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from data_releases.routers.bootstrap import LEVEL, ROUNDS, Estimate
from data_releases.routers.curves import SHARES
from data_releases.routers.judge import Judgement
from data_releases.routers.prediction import Prediction
from data_releases.routers.training import POLICIES, Fit
from data_releases.routers.values import CLIP, Value
from data_releases.routers.votes import RoutingData

DIGITS: Final = 4
COST_DIGITS: Final = 8
_DOUBLY: Final = "doubly robust"


@dataclass(frozen=True, slots=True)
class Report:
    """What was trained, on what, and how well it does."""

    policy: str
    data: RoutingData
    fit: Fit
    judgement: Judgement
    seed: int

    def figures(self) -> dict[str, Any]:
        """JSON values, the same for the same release, options and seed."""
        found, members = self.judgement, self.data.members
        return {
            "votes": {part: len(votes) for part, votes in self.data.parts.items()},
            "left_out": dict(self.data.left_out),
            "validation_log_loss": {str(value): _number(loss) for value, loss in self.fit.tried.items()},
            "best_single": members[found.best],
            "predictions": {part: _prediction(one) for part, one in found.predictions.items()},
            "predictions_without_prompts": {part: _prediction(one) for part, one in found.without_prompts.items()},
            "share_of_prompts": {name: _number(float(one)) for name, one in zip(members, found.share, strict=True)},
            "wins_against_best_single": found.against_best and _value(found.against_best),
            "wins_against_random": _value(found.at_random),
            "best_single_against_random": found.best_at_random and _value(found.best_at_random),
            "gain_over_best_single": found.gain and _estimate(found.gain),
            "cost_usd": {
                name: None if math.isnan(cost) else round(float(cost), COST_DIGITS)
                for name, cost in zip(members, self.data.costs_usd, strict=True)
            },
            "two_systems": self._two_systems(),
            "cost_curve": self._curve(),
            "not_drawn": dict(found.missing),
            "doubts": {name: value.doubts for name, value in self._values().items() if value.doubts},
        }

    def _values(self) -> dict[str, Value]:
        found = self.judgement
        named = {"wins against the best single system": found.against_best, "wins against another": found.at_random}
        return {name: value for name, value in named.items() if value is not None}

    def _two_systems(self) -> dict[str, Any] | None:
        two = self.judgement.two_systems
        if two is None:
            return None
        return {
            "strong": self.data.members[two.strong],
            "weak": self.data.members[two.weak],
            "votes": two.votes,
            "share_of_strong": [_number(float(share)) for share in SHARES],
            "quality": [_number(float(one)) for one in two.quality],
            "apgr": _estimate(two.apgr),
            "calls_needed": {f"{x:.0%}": None if c is None else _number(c) for x, c in two.calls.items()},
        }

    def _curve(self) -> dict[str, Any] | None:
        curve = self.judgement.curve
        if curve is None:
            return None
        return {
            "cost_usd": [round(float(cost), COST_DIGITS) for cost in curve.costs],
            "quality": [_number(float(one)) for one in curve.quality],
            "cheapest_usd": round(curve.cheapest, COST_DIGITS),
            "dearest_usd": round(curve.dearest, COST_DIGITS),
            "aiq": _estimate(curve.aiq),
        }

    def lines(self) -> Iterator[str]:
        """For a terminal; Markdown as well."""
        found, members = self.judgement, self.data.members
        counts = ", ".join(f"{part} {len(votes)}" for part, votes in self.data.parts.items())
        options = ", ".join(f"{name} {value}" for name, value in self.fit.options.items())
        yield f"{self.policy} ({POLICIES[self.policy].meaning}; {options}; seed {self.seed}), votes: {counts}"
        yield f"Best single system by training votes: {members[found.best]}"
        yield ""
        yield from self._prediction_lines()
        yield ""
        yield "Share of test prompts: " + ", ".join(
            f"{name} {share:.0%}" for name, share in zip(members, found.share, strict=True)
        )
        yield ""
        yield from self._value_lines()
        yield ""
        yield from self._money_lines()

    def _prediction_lines(self) -> Iterator[str]:
        yield "| votes foretold | decisive / all | accuracy | log loss |"
        yield "|---|---|---|---|"
        told = (("router", self.judgement.predictions), ("same for all prompts", self.judgement.without_prompts))
        for who, parts in told:
            for part, one in parts.items():
                figures = f"{one.accuracy or 'no vote'} | {one.log_loss or 'no vote'}"
                yield f"| {who}, {part} | {one.decisive} / {one.votes} | {figures} |"

    def _value_lines(self) -> Iterator[str]:
        found, best = self.judgement, self.data.members[self.judgement.best]
        yield f"| wins on test prompts | inverse propensity | self-normalised | {_DOUBLY} | votes that tell |"
        yield "|---|---|---|---|---|"
        rows = (
            (f"router against {best}", found.against_best),
            ("router against another at random", found.at_random),
            (f"{best} against another at random", found.best_at_random),
        )
        for name, value in rows:
            if value is not None:
                three = f"{value.inverse_propensity} | {value.self_normalised} | {value.doubly_robust}"
                yield f"| {name} | {three} | {value.matched} (effective {value.effective:.0f}) |"
        if found.gain is not None:
            yield ""
            yield f"Gain over {best}, against another at random, {_DOUBLY}: {found.gain}"
        for name, value in self._values().items():
            for doubt in value.doubts:
                yield f"NOT RELIABLE, {name}: {doubt}"

    def _money_lines(self) -> Iterator[str]:
        two, curve, missing = self.judgement.two_systems, self.judgement.curve, self.judgement.missing
        if two is None:
            yield f"No APGR: {missing['two_systems']}"
        else:
            strong, weak = self.data.members[two.strong], self.data.members[two.weak]
            calls = ", ".join(f"CPT({x:.0%}) {'-' if c is None else f'{c:.0%}'}" for x, c in two.calls.items())
            yield f"Between {weak} and {strong}: APGR {_or_no_gap(two.apgr)}, {calls}"
        if curve is None:
            yield f"No cost curve: {missing['curve']}"
            return
        yield f"AIQ from {curve.cheapest:.2g} to {curve.dearest:.2g} USD a prompt: {curve.aiq}"
        yield ""
        yield "| USD a prompt | wins against another at random |"
        yield "|---|---|"
        points = dict.fromkeys(
            zip((f"{c:.3g}" for c in curve.costs), (f"{q:.3f}" for q in curve.quality), strict=True)
        )
        for cost, quality in points:
            yield f"| {cost} | {quality} |"


def card(report: Report, release: Mapping[str, Any], sums: Mapping[str, str]) -> str:
    """The page that goes with the files.

    Args:
        report: the router's.
        release: as its JSON says it.
        sums: file → sha256.
    """
    figures = "\n".join(report.lines())
    left = "\n".join(f"- {reason}: {n}" for reason, n in report.data.left_out.items())
    listed = "\n".join(f"    {digest}  {path}" for path, digest in sorted(sums.items()))
    simulated = "\n**The votes were simulated: the figures say nothing about any real system.**\n"
    return f"""# Router `{report.policy}` of {release["arena"]} {release["release"]}

Picks which of {len(report.data.members)} systems answers a prompt: {POLICIES[report.policy].meaning}.
Trained on the release with the manifest {release["manifest_sha256"]},
schema {release["schema_version"]}, seed {report.seed}.
Made of published votes and vectors; what is said of their licence in the release holds for it.
{simulated if release["simulated"] else ""}
## Figures

{figures}

Intervals are of 95 % by drawing voters {ROUNDS} times. Ties and both-bads are half a win for either side; accuracy is
over decisive votes. How each figure is made and where it comes from: `docs/routers.md` of the project.

## Limits

- Votes are those of the arena's visitors on prompts whose publication they agreed to, in one window of time.
- Who voted, and which votes count, may depend on who was drawn; that is not corrected.
- Weights above {CLIP:.0f} times those of a uniform draw are clipped.
- Figures marked NOT RELIABLE rest on too few votes, or on too many that are clipped.
- A prompt is known by its words (hashed, 256 numbers), not by its meaning; a new language or subject looks like none.
- A system that has changed since, or is new, is no member.

Counted votes that were left out:

{left}

## Files

{listed}
"""


def _or_no_gap(estimate: Estimate) -> str:
    if math.isnan(estimate.value):
        return "has no value, as the dearer system is not the better one on these votes"
    return str(estimate)


def _number(value: float) -> float:
    return round(value, DIGITS)


def _finite(value: float) -> float | None:
    return _number(value) if math.isfinite(value) else None


def _estimate(one: Estimate) -> dict[str, Any]:
    return {"value": _finite(one.value), "lower": _finite(one.lower), "upper": _finite(one.upper), "level": LEVEL}


def _prediction(one: Prediction) -> dict[str, Any]:
    return {
        "votes": one.votes,
        "decisive": one.decisive,
        "accuracy": one.accuracy and _estimate(one.accuracy),
        "log_loss": one.log_loss and _estimate(one.log_loss),
    }


def _value(one: Value) -> dict[str, Any]:
    return {
        "inverse_propensity": _estimate(one.inverse_propensity),
        "self_normalised": _estimate(one.self_normalised),
        "doubly_robust": _estimate(one.doubly_robust),
        "model": _number(one.model),
        "votes": one.votes,
        "matched": one.matched,
        "effective": round(one.effective, 1),
        "clipped": _number(one.clipped),
    }
