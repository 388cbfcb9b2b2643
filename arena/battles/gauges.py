"""What an operator watches about battles. The partial index `turn_unfinished` holds all that is looked at here."""

from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, DurationField, ExpressionWrapper, Min
from django.db.models.functions import Extract, Now

from arena.battles.models import Turn


@dataclass(frozen=True, slots=True)
class OpenBattles:
    """How many battles of one arena and state wait for answers, and for how long the oldest of them does."""

    arena: str
    state: str
    n: int
    oldest_s: float


def open_battles() -> list[OpenBattles]:
    """Battles whose answers are still to come. Those that wait for a vote are not counted: they may be many."""
    oldest = Extract(ExpressionWrapper(Now() - Min("created_at"), output_field=DurationField()), "epoch")
    rows = (
        Turn.objects.filter(finished_at=None)
        .values("battle__arena__slug", "battle__state")
        .annotate(n=Count("id"), oldest_s=oldest)
        .values_list("battle__arena__slug", "battle__state", "n", "oldest_s")
    )
    return [OpenBattles(slug, state, n, float(oldest_s)) for slug, state, n, oldest_s in rows]


@dataclass(frozen=True, slots=True)
class HeldTurn:
    """A turn that a worker holds: since when it was asked for, and how long its lease still runs without renewal."""

    turn_id: int
    attempt: int
    age_s: float
    lease_left_s: float


def held_turns(limit: int) -> list[HeldTurn]:
    """The oldest turns under a lease, by the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, attempt, extract(epoch FROM t.now - created_at), extract(epoch FROM lease_until - t.now) "
            "FROM battles_turn, (SELECT statement_timestamp() AS now) AS t "
            "WHERE finished_at IS NULL AND lease_until IS NOT NULL ORDER BY created_at LIMIT %s",
            [limit],
        )
        return [HeldTurn(int(row[0]), int(row[1]), float(row[2]), float(row[3])) for row in cursor.fetchall()]


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
