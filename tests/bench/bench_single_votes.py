"""Reading single votes from PostgreSQL for boards by voter: time and memory of a vote, and whether they grow.

An arena is filled once; its first fifth and all of it are read in turn, in this process. Equal costs per vote are what
lets the figures be multiplied. Beside it: the boards of every variant from these votes.

    make bench-single-votes [VOTES=1000000] [ROUNDS=3]
"""

import json
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

from tests.bench.database import bench_database
from tests.bench.many_votes import arena_of
from tests.bench.peak import with_added_mb

VOTES = int(os.environ.get("VOTES", "1000000"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
VOTERS = 1000


def measured(work: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    """What a call returns; its seconds by the clock and on a processor, and the MB of its peak."""
    start, busy = time.perf_counter(), time.process_time()
    found, peak_mb = with_added_mb(work)
    return found, {"s": time.perf_counter() - start, "cpu_s": time.process_time() - busy, "peak_mb": peak_mb}


def main() -> None:
    """Fill, measure, print."""
    with bench_database():
        from arena.rankings.computing import compute_single
        from arena.rankings.contenders import versions_of
        from arena.rankings.folding import fold_votes
        from arena.rankings.models import FoldWatermark
        from arena.rankings.single_votes import read_single
        from arena.rankings.variants import USUAL, VARIANTS

        arena = arena_of(VOTES, voters=VOTERS, sentences=1)
        fold_votes(arena.id)
        last = FoldWatermark.objects.get(arena=arena).last_vote_id
        versions = versions_of(arena.id)
        sizes = {VOTES // 5: last - VOTES + VOTES // 5, VOTES: last}
        taken: dict[int, list[dict[str, float]]] = {size: [] for size in sizes}
        for _round in range(ROUNDS):
            for size, up_to in sizes.items():
                votes, took = measured(lambda up_to=up_to: read_single(arena, up_to))  # type: ignore[misc]
                taken[size].append({name: 1e6 * value / len(votes) for name, value in took.items()})
        boards = {
            variant: round(measured(lambda one=method: compute_single(votes, versions, one, {}))[1]["cpu_s"], 3)  # type: ignore[misc]
            for variant, method in VARIANTS.items()
            if variant != USUAL
        }
    figures: dict[str, Any] = {"bench": "single-votes", "votes": VOTES, "counted": len(votes)}
    for size, rounds in taken.items():
        middle = {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
        figures[f"of_{size}"] = {
            "us_per_vote": round(middle["s"], 2),
            "cpu_us_per_vote": round(middle["cpu_s"], 2),
            "peak_bytes_per_vote": round(middle["peak_mb"]),
        }
    small, large = (figures[f"of_{size}"]["cpu_us_per_vote"] for size in sizes)
    print(json.dumps(figures | {"ratio_per_vote": round(large / small, 3), "board_cpu_s": boards}))  # noqa: T201


if __name__ == "__main__":
    main()
