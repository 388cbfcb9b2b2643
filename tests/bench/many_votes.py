"""An arena with many counted votes, written by PostgreSQL itself: battles, pairings, turns, answers, votes."""

from typing import Any, Final

SYSTEMS: Final = 20
_ROWS: Final = """
CREATE TEMP TABLE made AS
  SELECT n, gen_random_uuid() AS battle, %(first)s + (n * 7919) %% %(systems)s AS a,
    %(first)s + (n * 7919 + 1 + n / 20 %% (%(systems)s - 1)) %% %(systems)s AS b
  FROM generate_series(1::bigint, %(votes)s) AS n;
INSERT INTO router_pairing
    (id, arena_id, policy_id, left_id, right_id, pool, pair_propensity, side_propensity, seed, attempt)
  SELECT n, %(arena)s, %(policy)s, a, b, '[]', 0.5, 0.5, n, 1 FROM made;
INSERT INTO battles_battle (id, arena_id, voter_id, state, reason, requirement, pairing_id, is_simulated, publication)
  SELECT battle, %(arena)s, %(voter)s, 'voted', '', '{}', n, false, false FROM made;
INSERT INTO battles_turn (battle_id, n, prompt, attempt) SELECT battle, 1, 'Why?', 1 FROM made;
INSERT INTO battles_response (turn_id, side, pairing_id, version_id, status, attempt, content, reasoning,
    finish_reason, error_class, identity_matches, identity_list_version)
  SELECT t.id, side, made.n, CASE side WHEN 'left' THEN a ELSE b END, 'complete', 1,
    repeat('An answer of common length. ', %(answer)s), '', 'stop', '',
    CASE WHEN random() < 0.01 THEN ARRAY['I am Ada'] ELSE ARRAY[]::varchar[] END, '1'
  FROM made JOIN battles_turn t ON t.battle_id = made.battle, (VALUES ('left'), ('right')) AS sides (side);
INSERT INTO votes_vote (battle_id, voter_id, outcome, turn_n, reasons, feedback)
  SELECT battle, %(voter)s + n %% %(voters)s, (ARRAY['left', 'right', 'tie', 'both_bad'])[1 + n %% 4], 1, '{}', '{}'
  FROM made ORDER BY n;
ANALYZE;
"""


def arena_of(votes: int, *, voters: int = 1, sentences: int = 20) -> Any:
    """A new arena, the first of its database, with so many votes; its answers have so many short sentences."""
    from django.db import connection

    from arena.router.models import SamplingPolicy
    from tests.ballots import make_arena, make_versions, make_voter

    arena = make_arena()
    versions = make_versions(arena, [f"System {n}" for n in range(SYSTEMS)])
    policy = SamplingPolicy.objects.create(arena=arena, number=1)
    voter_ids = [make_voter().id for _voter in range(voters)]
    facts = {
        "votes": votes,
        "voters": voters,
        "arena": arena.id,
        "voter": voter_ids[0],
        "policy": policy.id,
        "first": versions[0].id,
        "systems": len(versions),
        "answer": sentences,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, facts)
    return arena
