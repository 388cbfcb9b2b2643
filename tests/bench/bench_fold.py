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

VOTES = int(os.environ.get("VOTES", "100000"))
ROUNDS = 3

_ROWS = """
CREATE TEMP TABLE made AS
  SELECT n, gen_random_uuid() AS battle, %(first)s + (n * 7919) %% %(systems)s AS a,
    %(first)s + (n * 7919 + 1 + n / 20 %% (%(systems)s - 1)) %% %(systems)s AS b
  FROM generate_series(1, %(votes)s) AS n;
INSERT INTO router_pairing
    (id, arena_id, policy_id, left_id, right_id, pool, pair_propensity, side_propensity, seed, attempt)
  SELECT n, %(arena)s, %(policy)s, a, b, '[]', 0.5, 0.5, n, 1 FROM made;
INSERT INTO battles_battle (id, arena_id, voter_id, state, reason, requirement, pairing_id, is_simulated, publication)
  SELECT battle, %(arena)s, %(voter)s, 'voted', '', '{}', n, false, false FROM made;
INSERT INTO battles_turn (battle_id, n, prompt, attempt) SELECT battle, 1, 'Why?', 1 FROM made;
INSERT INTO battles_response (turn_id, side, pairing_id, version_id, status, attempt, content, reasoning,
    finish_reason, error_class, identity_matches, identity_list_version)
  SELECT t.id, side, made.n, CASE side WHEN 'left' THEN a ELSE b END, 'complete', 1,
    repeat('An answer of common length. ', 20), '', 'stop', '',
    CASE WHEN random() < 0.01 THEN ARRAY['I am Ada'] ELSE ARRAY[]::varchar[] END, '1'
  FROM made JOIN battles_turn t ON t.battle_id = made.battle, (VALUES ('left'), ('right')) AS sides (side);
INSERT INTO votes_vote (battle_id, voter_id, outcome, turn_n, reasons, feedback)
  SELECT battle, %(voter)s, (ARRAY['left', 'right', 'tie', 'both_bad'])[1 + n %% 4], 1, '{}', '{}' FROM made;
"""


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
        from arena.router.models import SamplingPolicy
        from tests.ballots import make_arena, make_versions, make_voter

        arena = make_arena()
        versions = make_versions(arena, [f"System {n}" for n in range(20)])
        policy = SamplingPolicy.objects.create(arena=arena, number=1)
        with connection.cursor() as cursor:
            cursor.execute(
                _ROWS,
                {
                    "votes": VOTES,
                    "arena": arena.id,
                    "voter": make_voter().id,
                    "policy": policy.id,
                    "first": versions[0].id,
                    "systems": len(versions),
                },
            )
            cursor.execute("ANALYZE")

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
