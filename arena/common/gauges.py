"""What an operator watches about the outbox and the running parts. Every number is one cheap question."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from redis.exceptions import RedisError

from arena.common import live, processes, queue


@dataclass(frozen=True, slots=True)
class OutboxGauge:
    """How much promised work waits, and for how long the oldest of it has."""

    depth: int
    oldest_age_s: float


def outbox_gauge() -> OutboxGauge:
    """The state of the outbox by the database's clock. Rows are deleted once delivered, so the table is short."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0) "
            "FROM common_outboxmessage"
        )
        depth, age_s = cursor.fetchone()
    return OutboxGauge(int(depth), max(0.0, float(age_s)))


def answers() -> bool:
    """Whether the database answers a query; its errors are the caller's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))


def now() -> datetime:
    """The database's clock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        told: datetime = cursor.fetchone()[0]
    return told


def database_bytes() -> int:
    """How much room the database takes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


def queue_names() -> list[str]:
    """Every queue that a task may go to."""
    return sorted({doorbell.queue for doorbell in queue.DOORBELLS.values()})


def queue_depths() -> dict[str, int | None]:
    """Queue → messages that wait in the broker; None for each while the broker is away."""
    names = queue_names()
    pipe = live.client().pipeline(transaction=False)
    for name in names:
        pipe.llen(name)
    try:
        return dict(zip(names, map(int, pipe.execute()), strict=True))
    except (RedisError, ConnectionError):
        return dict.fromkeys(names)


@dataclass(frozen=True, slots=True)
class ProcessGauges:
    """The processes that live, by kind, and their gauges added up."""

    processes: dict[str, int]
    gauges: dict[str, float]


def process_gauges() -> ProcessGauges:
    """What the living processes said last. One query of as many rows as there are processes."""
    kinds: Counter[str] = Counter()
    gauges: Counter[str] = Counter()
    for report in processes.alive():
        kinds[report.kind] += 1
        gauges.update(report.gauges)
    return ProcessGauges(dict(kinds), dict(gauges))
