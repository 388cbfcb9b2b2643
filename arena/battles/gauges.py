"""What an operator watches about battles."""

from dataclasses import dataclass

from django.db import connection
from django.db.models import Count

from arena.battles.models import Battle
from arena.battles.states import BattleState, is_terminal

#: Only these are counted: the partial index `battle_open` holds them, finished battles are too many to count.
OPEN_STATES = tuple(state.value for state in BattleState if not is_terminal(state))


def open_battles() -> dict[tuple[str, str], int]:
    """(arena slug, open state) → number of battles now."""
    rows = (
        Battle.objects.filter(state__in=OPEN_STATES)
        .values("arena__slug", "state")
        .annotate(n=Count("id"))
        .values_list("arena__slug", "state", "n")
    )
    return {(slug, state): n for slug, state, n in rows}


@dataclass(frozen=True, slots=True)
class LeaseGauge:
    """Unfinished turns: held by a worker, held by one that is gone (`overdue`), held by nobody (`waiting`).

    The ages are since the turn was asked for.
    """

    running: int
    overdue: int
    waiting: int
    oldest_running_s: float
    oldest_wait_s: float


def running_leases() -> LeaseGauge:
    """Unfinished turns by the database's clock; they are few, and the index `turn_unfinished` holds them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE lease_until >= t.now), count(*) FILTER (WHERE lease_until < t.now), "
            "count(*) FILTER (WHERE lease_until IS NULL), "
            "coalesce(max(extract(epoch FROM t.now - created_at)) FILTER (WHERE lease_until >= t.now), 0), "
            "coalesce(max(extract(epoch FROM t.now - created_at)) FILTER (WHERE lease_until IS NULL), 0) "
            "FROM battles_turn, (SELECT statement_timestamp() AS now) AS t WHERE finished_at IS NULL"
        )
        running, overdue, waiting, running_s, wait_s = cursor.fetchone()
    return LeaseGauge(int(running), int(overdue), int(waiting), float(running_s), float(wait_s))
