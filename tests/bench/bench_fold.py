"""Votes folded per second, beside PostgreSQL reading the same rows.

The fold must look at each new vote with its battle, its pairing and its answers' identity tags. The peer is the least
that PostgreSQL can do with the same votes: `SELECT count(*)`. Both run in turn on one database.

    make bench-fold [VOTES=100000]
"""

import json
import os
import statistics
import time
from collections.abc import Callable

from tests.bench.database import bench_database
from tests.bench.many_votes import arena_of

VOTES = int(os.environ.get("VOTES", "100000"))
ROUNDS = 3


def timed(work: Callable[[], object]) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    """Fill, measure, print."""
    with bench_database():
        from django.db import connection

        from arena.rankings.folding import fold_votes, recount
        from arena.rankings.models import BattleTraits, BoardState, FoldWatermark, Tally, TallyCell
        from arena.rankings.services import refresh_board

        arena = arena_of(VOTES)

        def count() -> None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM votes_vote")

        folds, counts, refreshes = [], [], []
        for _round in range(ROUNDS):
            for counted in (Tally, TallyCell, BoardState, BattleTraits, FoldWatermark):
                counted.objects.all().delete()
            folds.append(timed(lambda: fold_votes(arena.id)))
            counts.append(timed(count))
            refreshes.append(timed(lambda: refresh_board(arena.id)))
        agrees = recount(arena.id).agrees
    fold, bare = statistics.median(folds), statistics.median(counts)
    figures = {
        "bench": "fold",
        "votes": VOTES,
        "fold_s": round(fold, 4),
        "votes_per_s": round(VOTES / fold),
        "count_s": round(bare, 5),
        "ratio_to_count": round(fold / bare, 1),
        "refresh_after_fold_s": round(statistics.median(refreshes), 4),
        "recount_agrees": agrees,
    }
    print(json.dumps(figures))  # noqa: T201


if __name__ == "__main__":
    main()
