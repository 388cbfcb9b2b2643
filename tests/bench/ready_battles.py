"""Battles that wait for their vote, written by SQL: generating thousands would be another benchmark."""

from uuid import UUID

from ops.processes import wait_until
from tests.stack import Stack

_ROWS = """
WITH pairs AS (
    INSERT INTO router_pairing
        (arena_id, policy_id, left_id, right_id, pool, pair_propensity, side_propensity, seed, attempt)
    SELECT p.arena_id, p.policy_id, p.left_id, p.right_id, p.pool, p.pair_propensity, p.side_propensity, n, 1
    FROM router_pairing p, generate_series(1, %(number)s) AS n WHERE p.id = (SELECT min(id) FROM router_pairing)
    RETURNING id, left_id, right_id
), battles AS (
    INSERT INTO battles_battle
        (id, arena_id, voter_id, state, reason, requirement, pairing_id, is_simulated, publication)
    SELECT gen_random_uuid(), arena_id, voter_id, 'ready', '', '{}', pairs.id, false, false
    FROM battles_battle, pairs WHERE battles_battle.id = %(like)s
    RETURNING id, pairing_id
), turns AS (
    INSERT INTO battles_turn (battle_id, n, prompt, attempt, finished_at)
    SELECT id, 1, 'Why is the sky blue?', 1, now() FROM battles RETURNING id, battle_id
), responses AS (
    INSERT INTO battles_response (turn_id, side, pairing_id, version_id, status, attempt, content, reasoning,
        finish_reason, error_class, identity_matches, identity_list_version, latency_s, output_tokens, finished_at)
    SELECT turns.id, side, pairs.id, CASE side WHEN 'left' THEN left_id ELSE right_id END, 'complete', 1,
        repeat('An answer of common length. ', 60), '', 'stop', '', ARRAY[]::varchar[], '1', 4.2, 400, now()
    FROM turns JOIN battles ON battles.id = turns.battle_id JOIN pairs ON pairs.id = battles.pairing_id,
        (VALUES ('left'), ('right')) AS sides (side)
)
SELECT id FROM battles
"""


def ready_battles(stack: Stack, like: str, number: int) -> list[UUID]:
    """So many battles of the same voter as the battle `like`, each ready, with answers of 1.7 KB."""
    if not wait_until(lambda: bool(stack.query("SELECT 1 FROM router_pairing LIMIT 1")), timeout_s=30, every_s=0.2):
        raise RuntimeError(f"no pair was drawn: {stack.logs()}")
    ids = [row[0] for row in stack.query(_ROWS, {"number": number, "like": like})]  # type: ignore[arg-type]
    stack.query("ANALYZE")
    return ids
