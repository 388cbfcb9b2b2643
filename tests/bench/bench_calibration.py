"""Whether what the board claims holds as often as it says, over simulated boards whose truth is known.

Each line is a share of boards; of 400 boards, 95 % has a Monte Carlo error of 1.1 points. Seeds are fixed.

    make bench-calibration [BOARDS=400]
"""

import json
import os
import sys
from typing import Final

import numpy as np

from arena.rankings.bradley_terry import fit
from arena.rankings.intervals import covariance, limits
from arena.rankings.sequences import half_widths
from arena.rankings.tallies import Counts, Matrix, count
from arena.rankings.terms import SCALE
from tests.bench.goals import Line, figures_of
from tests.rankings.worlds import World, clustered_votes, coverage, even

BOARDS: Final = int(os.environ.get("BOARDS", "400"))
SYSTEMS: Final = 20
VOTES: Final = 20_000
LOOKS: Final = 50


def strengths_of(kind: str) -> Matrix:
    """Twenty strengths: all different, ten pairs of equals, or all equal."""
    rng = np.random.default_rng(7)
    spread = np.sort(rng.normal(0, 0.8, SYSTEMS))
    return {"spread": spread, "twins": np.repeat(spread[::2], 2), "equal": np.zeros(SYSTEMS)}[kind]


def fixed_looks() -> list[Line]:
    """One look at a board of 20 systems and 20,000 votes, a third of them ties."""
    lines = []
    for kind in ("spread", "twins", "equal"):
        found = coverage(World(even(SYSTEMS, VOTES), strengths_of(kind)), BOARDS, seed=1)
        if kind == "spread":
            each = 100 * float(found.each.mean())
            lines += [
                Line("own intervals of 95 %, mean of the systems", each, 93.5, 93.5, "%"),
                Line("own intervals of 95 %, not too wide", each, 96.5, 96.5, "%", below=True),
            ]
        lines += [
            Line(f"all simultaneous intervals at once, {kind}", 100 * found.all_intervals, 92, 92, "%"),
            Line(f"all rank sets at once, {kind}", 100 * found.all_ranks, 92, 92, "%"),
        ]
        if kind == "equal":
            lines.append(
                Line("the peers' overlap rule, all equal: fails", 100 * found.overlaps, 80, 80, "%", below=True)
            )
    return lines


def newcomer() -> list[Line]:
    """A system with 100 votes on a board of ten million."""
    met = even(SYSTEMS, 10_000_000)
    met[:, -1] = 100 / (SYSTEMS - 1)
    met = np.triu(np.ceil(met), 1)
    met[5:, -1] = 0  # 20 votes against each of five
    met[:5, -1] = 20
    strengths = strengths_of("spread")[np.random.default_rng(3).permutation(SYSTEMS)]
    found = coverage(World(met, strengths), max(BOARDS, 1000), seed=2)
    return [Line("a newcomer with 100 votes on a board of 1e7", 100 * float(found.each[-1]), 92, 92, "%")]


def looks() -> list[Line]:
    """Fifty looks, one every 1,000 votes: how often an interval missed at least once, and how wide it was."""
    world = World(even(SYSTEMS, LOOKS * 1000), strengths_of("spread"))
    step = World(even(SYSTEMS, 1000), world.strengths)
    rng, truth = np.random.default_rng(5), world.truth
    boards = max(BOARDS // 2, 100)
    missed = {"fixed": np.zeros(SYSTEMS), "each": np.zeros(SYSTEMS), "joint": np.zeros(SYSTEMS)}
    any_missed, widths = dict.fromkeys(missed, 0), []
    for _board in range(boards):
        ever = {name: np.zeros(SYSTEMS, dtype=bool) for name in missed}
        counts = Counts.empty(SYSTEMS)
        for look in range(1, LOOKS + 1):
            counts = counts + step.counts(rng)
            fitted = fit(counts)
            errors = SCALE * np.sqrt(np.diagonal(covariance(fitted, counts)))
            wrong = np.abs(fitted.ratings - truth)
            halves = {
                "fixed": 1.959964 * errors,
                "each": half_widths(errors, 0.95, together=False),
                "joint": half_widths(errors, 0.95, together=True),
            }
            for name, half in halves.items():
                ever[name] |= wrong > half
            if look >= 5:
                widths.append(float((halves["each"] / halves["fixed"]).mean()))
        for name, mask in ever.items():
            missed[name] += mask
            any_missed[name] += bool(mask.any())
    shares = {name: 100 * float(total.mean()) / boards for name, total in missed.items()}
    return [
        Line("50 looks: sequence misses a system ever", shares["each"], 5, 5, "%", below=True),
        Line("50 looks: fixed interval misses a system ever (why sequences)", shares["fixed"], 15, 25, "%"),
        Line("50 looks: joint sequence misses any system", 100 * any_missed["joint"] / boards, 5, 5, "%", below=True),
        Line("width of the sequence, 5k to 50k votes, mean", float(np.mean(widths)), 1.7, 1.7, below=True),
        Line("width of the sequence, 5k to 50k votes, most", float(np.max(widths)), 1.75, 1.7, below=True),
    ]


def clusters() -> list[Line]:
    """Voters with tastes of their own, one of them casting up to 200 votes."""
    world = World(even(10, 1000), np.linspace(-0.8, 0.8, 10))
    rng = np.random.default_rng(6)
    draws = clustered_votes(world, 300, 0.9, rng)
    # The ratings of infinitely many such voters: one vote of each of very many.
    crowd = clustered_votes(world, 3_000_000, 0.9, rng, most=1)
    truth = fit(count(next(crowd), 10)).ratings
    held = {"naive": 0.0, "clustered": 0.0}
    for _board in range(BOARDS):
        votes = next(draws)
        counts = count(votes, 10)
        fitted = fit(counts)
        for name, kind in (("naive", "sandwich"), ("clustered", "clustered")):
            own = limits(fitted, covariance(fitted, counts, kind, votes))  # type: ignore[arg-type]
            held[name] += float(((own.lower <= truth) & (truth <= own.upper)).mean())
    shares = {name: 100 * total / BOARDS for name, total in held.items()}
    return [
        Line("votes hang together: clustered interval", shares["clustered"], 93, 93, "%"),
        Line("votes hang together: clustered interval, not too wide", shares["clustered"], 97, 97, "%", below=True),
        Line("votes hang together: naive interval fails", shares["naive"], 93, 93, "%", below=True),
    ]


def main() -> None:
    """Measure and print."""
    lines = []
    for section in (fixed_looks, newcomer, looks, clusters):
        for line in section():
            print(line, file=sys.stderr, flush=True)  # noqa: T201
            lines.append(line)
    print(json.dumps({"bench": "calibration", "boards": BOARDS, "lines": figures_of(lines)}))  # noqa: T201


if __name__ == "__main__":
    main()
