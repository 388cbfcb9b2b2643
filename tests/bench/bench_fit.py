"""Our fit beside that of choix, and beside what the whole board costs.

Same matrix, same accuracy (checked: 1e-6 points), one BLAS thread, in turn.

    make bench-fit [SYSTEMS=100]
"""

import json
import os
import statistics
import time
from collections.abc import Callable

import choix
import numpy as np
from threadpoolctl import threadpool_limits

from arena.rankings.board import rate
from arena.rankings.bradley_terry import fit
from arena.rankings.tallies import Counts, Matrix
from arena.rankings.terms import SCALE
from tests.rankings.samples import random_wins

SYSTEMS = int(os.environ.get("SYSTEMS", "100"))
VOTES = 1_000_000
ROUNDS = 30


def timed(work: Callable[[], object]) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    wins = random_wins(SYSTEMS, VOTES, 1.0, seed=1)
    counts = Counts.of(wins)

    def by_choix() -> Matrix:
        strengths = choix.ilsr_pairwise_dense(wins, tol=1e-12, max_iter=1000)
        return np.asarray(strengths - strengths.mean())

    ours_s, choix_s, board_s = [], [], []
    with threadpool_limits(1):
        for _round in range(ROUNDS):
            ours_s.append(timed(lambda: fit(counts)))
            choix_s.append(timed(by_choix))
            board_s.append(timed(lambda: rate(counts)))
        difference = float(np.abs(fit(counts).strengths - by_choix()).max() * SCALE)
    ours, other, board = (statistics.median(times) for times in (ours_s, choix_s, board_s))
    figures = {
        "bench": "fit",
        "systems": SYSTEMS,
        "votes": VOTES,
        "fit_ms": round(ours * 1e3, 3),
        "choix_ms": round(other * 1e3, 3),
        "choix_to_fit": round(other / ours, 2),
        "board_ms": round(board * 1e3, 3),
        "difference_points": difference,
    }
    assert difference < 1e-6, difference
    print(json.dumps(figures))  # noqa: T201


if __name__ == "__main__":
    main()
