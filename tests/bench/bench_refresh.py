"""A refresh from counters, the read from PostgreSQL included: how long, and whether it grows with the votes.

The counters of 100 systems are filled for 10⁴, 10⁵ and 10⁷ votes on the same pairs; all are read, rated and stored in
turn in one process. Beside it: one vote moving a live board without a fit.

    make bench-refresh [SYSTEMS=100] [ROUNDS=15]
"""

import json
import os
import statistics
import time
from collections.abc import Callable

import numpy as np

from tests.bench.database import bench_database

SYSTEMS = int(os.environ.get("SYSTEMS", "100"))
ROUNDS = int(os.environ.get("ROUNDS", "15"))
VOTES = (10_000, 100_000, 10_000_000)


def timed(work: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


def cells_of(versions: list[int], votes: int) -> dict[object, object]:
    """Counts of every ordered pair, each of at least one vote: strengths 400 points apart, a third of them ties."""
    from arena.rankings.pair_counts import PairCount
    from arena.rankings.tallying import Cell

    n, each = len(versions), votes / (len(versions) * (len(versions) - 1))
    strength = np.linspace(-1.15, 1.15, n)
    rng, found = np.random.default_rng(1), {}
    for i in range(n):
        for j in range(n):
            if i != j:
                p = 1 / (1 + np.exp(strength[j] - strength[i]))
                share = np.array([p * 2 / 3, (1 - p) * 2 / 3, 0.25, 1 / 12])
                found[Cell(versions[i], versions[j], "en", 0)] = PairCount(
                    *(rng.multinomial(1, share) + rng.poisson(max(each - 1, 0) * share)).tolist()
                )
    return found


def main() -> None:
    """Fill, measure, print."""
    with bench_database():
        from django.db import connection, transaction

        from arena.rankings import tallying
        from arena.rankings.computing import compute
        from arena.rankings.contenders import versions_of
        from arena.rankings.folding import locked_watermark
        from arena.rankings.live import Live
        from arena.rankings.models import FoldWatermark
        from arena.rankings.services import refresh_board
        from arena.rankings.tallies import OUTCOMES
        from arena.rankings.variants import METHOD
        from tests.ballots import make_arena, make_versions

        arenas = []
        for votes in VOTES:
            arena = make_arena(f"votes-{votes}")
            versions = [version.id for version in make_versions(arena, [f"System {n}" for n in range(SYSTEMS)])]
            with transaction.atomic():
                locked_watermark(arena.id)
                tallying.add(arena.id, cells_of(versions, votes))  # type: ignore[arg-type]
            arenas.append(arena)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")

        def read_and_rate(arena_id: int) -> object:
            return compute(tallying.read(arena_id), versions_of(arena_id), METHOD, {})

        def refresh(arena_id: int) -> object:
            FoldWatermark.objects.filter(arena_id=arena_id).update(revision=time.monotonic_ns() % 10**12)
            return refresh_board(arena_id)

        rated: list[list[float]] = [[] for _votes in VOTES]
        stored: list[list[float]] = [[] for _votes in VOTES]
        reads: list[float] = []
        for _round in range(ROUNDS):
            for place, arena in enumerate(arenas):
                rated[place].append(timed(lambda one=arena: read_and_rate(one.id)))  # type: ignore[misc]
                stored[place].append(timed(lambda one=arena: refresh(one.id)))  # type: ignore[misc]
            reads.append(timed(lambda: tallying.read(arenas[-1].id)))
        board = compute(tallying.read(arenas[-1].id), versions_of(arenas[-1].id), METHOD, {}).board
        assert board.estimate is not None
        live = Live(board.estimate.fitted)
        moves = [timed(lambda: live.move(0, 1, OUTCOMES[0])) for _move in range(200)]
    smallest, small, large = (statistics.median(times) for times in rated)
    figures = {
        "bench": "refresh",
        "systems": SYSTEMS,
        "votes": VOTES,
        "read_ms": round(statistics.median(reads), 2),
        "read_and_rate_ms": round(large, 2),
        "ratio_1e7_to_1e5": round(statistics.median(b / a for a, b in zip(*rated[1:], strict=True)), 3),
        "ratio_1e7_to_1e4": round(statistics.median(b / a for a, b in zip(rated[0], rated[2], strict=True)), 3),
        "refresh_stored_ms": round(statistics.median(stored[-1]), 2),
        "small_ms": round(small, 2),
        "smallest_ms": round(smallest, 2),
        "live_move_us": round(1000 * statistics.median(moves), 1),
    }
    print(json.dumps(figures))  # noqa: T201


if __name__ == "__main__":
    main()
