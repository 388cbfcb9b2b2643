"""The promise behind all faults: nothing that a visitor began is lost, doubled, one-sided or stuck."""

from collections.abc import Callable, Collection
from typing import Any, Final, TypeAlias

from ops.processes import wait_until

#: No battle is queued or being written for longer than this after a fault.
SETTLED_S: Final = 120
TERMINAL: Final = ("voted", "ready", "refused", "failed", "expired")

Query: TypeAlias = Callable[[str], list[tuple[Any, ...]]]

_ONE_SIDED: Final = """
    SELECT t.id, r.side, count(r.id) FROM battles_battle b
    JOIN battles_turn t ON t.battle_id = b.id
    CROSS JOIN (VALUES ('left'), ('right')) AS s(side)
    LEFT JOIN battles_response r ON r.turn_id = t.id AND r.side = s.side AND r.status = 'complete'
    WHERE b.state IN ('ready', 'voted') GROUP BY t.id, r.side, s.side HAVING count(r.id) <> 1
"""
_WAITING: Final = "SELECT count(*) FROM common_outboxmessage"
#: Votes that no leaderboard has seen; negative where one was counted twice.
_UNCOUNTED: Final = """
    SELECT (SELECT count(*) FROM votes_vote)
         - coalesce(sum(counted + (SELECT coalesce(sum(n::bigint), 0) FROM jsonb_each_text(excluded) AS e(k, n))), 0)
    FROM rankings_foldwatermark
"""
_UNFINISHED: Final = """
    SELECT t.id FROM battles_turn t JOIN battles_battle b ON b.id = t.battle_id
    WHERE t.finished_at IS NULL OR t.lease_until IS NOT NULL
"""


def check(query: Query, started: Collection[str], logs: Callable[[], str] = str) -> None:
    """Started = voted + ready + refused + failed + expired, within two minutes; every vote is stored and counted once.

    Args:
        query: asks the arena's database.
        started: the ids of all battles whose start was acknowledged.
        logs: what the parts wrote last, for whoever reads a failure.
    """

    def states() -> dict[str, int]:
        return dict(query("SELECT state, count(*) FROM battles_battle GROUP BY 1"))

    wait_until(lambda: set(states()) <= set(TERMINAL), timeout_s=SETTLED_S, every_s=0.2)
    found = states()
    assert set(found) <= set(TERMINAL), f"stuck: {found}; {logs()}"
    assert set(started) == {str(row[0]) for row in query("SELECT id FROM battles_battle")}
    assert sum(found.values()) == len(started)
    assert query("SELECT count(*) FROM votes_vote")[0][0] == found.get("voted", 0)
    assert query(_ONE_SIDED) == []
    assert query(_UNFINISHED) == []
    assert wait_until(lambda: query(_WAITING) == [(0,)], timeout_s=60, every_s=0.2), "the outbox is not empty"
    assert wait_until(lambda: query(_UNCOUNTED) == [(0,)], timeout_s=60, every_s=0.2), "uncounted votes"
