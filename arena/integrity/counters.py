"""Counting admissions in PostgreSQL: fixed windows on the database's clock, one statement for all scopes.

Fixed windows, not a sliding log: one row per subject and window, one write per admission, nothing to trim. The price
is known: around a window's edge a subject may get up to twice its number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db import connection
from django.utils.crypto import salted_hmac

from arena.accounts.limits import MAX_WINDOW_S

_PURGE_BATCH: Final = 10_000


@dataclass(frozen=True, slots=True)
class Bucket:
    """One limit of one subject: at most `number` (≥ 1) admissions per `window_s`."""

    scope: str
    subject: bytes
    number: int
    window_s: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The first bucket that was full, and the whole seconds until its window ends."""

    scope: str
    retry_after_s: int


def subject_of(scope: str, name: str) -> bytes:
    """What is stored of a voter or a network: 128 bits, keyed by SECRET_KEY, so that no address can be tried out."""
    return salted_hmac("arena.integrity.subject", f"{scope}:{name}", algorithm="sha256").digest()[:16]


# Each bucket is touched only if the one before had room: a voter at its limit does not use up its network's. The
# chain also fixes the order of the row locks, so that two admissions cannot wait for each other.
_BUCKET_SQL: Final = """
c{n} AS (
    INSERT INTO integrity_ratecounter AS c (action, subject, window_start, count)
    SELECT %s, %s, to_timestamp(floor(t.epoch / %s) * %s), 1 FROM t {after}
    ON CONFLICT (action, subject, window_start) DO UPDATE SET count = c.count + 1 WHERE c.count < %s
    RETURNING 1
)"""
_CLOCK_SQL: Final = "WITH t AS (SELECT extract(epoch FROM statement_timestamp()) AS epoch)"
_RESULT_SQL: Final = "EXISTS (SELECT FROM c{n}), ceil(%s - mod(t.epoch, %s))::int, floor(t.epoch / %s)::bigint"


def count(action: str, buckets: Sequence[Bucket]) -> Refused | None:
    """Count one admission in every bucket, or in none.

    Call it outside a transaction: inside one, the counter rows stay locked until its end.

    Args:
        action: what is admitted.
        buckets: the limits to keep, the narrowest scope first.
    """
    if not buckets:
        return None
    ctes: list[str] = []
    results: list[str] = []
    cte_values: list[str | bytes | int] = []
    result_values: list[str | bytes | int] = []
    for n, bucket in enumerate(buckets):
        ctes.append(_BUCKET_SQL.format(n=n, after=f"WHERE EXISTS (SELECT FROM c{n - 1})" if n else ""))
        cte_values += [action, bucket.subject, bucket.window_s, bucket.window_s, bucket.number]
        results.append(_RESULT_SQL.format(n=n))
        result_values += [bucket.window_s] * 3
    with connection.cursor() as cursor:
        # Only names of our own are put together here; every value is a parameter.
        cursor.execute(
            f"{_CLOCK_SQL}, {', '.join(ctes)} SELECT {', '.join(results)} FROM t",  # noqa: S608
            [*cte_values, *result_values],
        )
        row = cursor.fetchone()
    cells = [tuple(row[3 * n : 3 * n + 3]) for n in range(len(buckets))]
    for n, (counted, left_s, _window) in enumerate(cells):
        if not counted:
            _take_back(action, [(bucket, cells[k][2]) for k, bucket in enumerate(buckets[:n])])
            return Refused(buckets[n].scope, max(1, left_s))
    return None


def _take_back(action: str, counted: Sequence[tuple[Bucket, int]]) -> None:
    """Undo the narrower counts of an admission that a wider scope refused."""
    with connection.cursor() as cursor:
        for bucket, window in counted:
            cursor.execute(
                "UPDATE integrity_ratecounter SET count = count - 1 "
                "WHERE action = %s AND subject = %s AND window_start = to_timestamp(%s) AND count > 0",
                [action, bucket.subject, window * bucket.window_s],
            )


def purge() -> int:
    """Delete counters whose window is over for certain; returns how many. The periodic sweep calls this."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM integrity_ratecounter WHERE id IN (SELECT id FROM integrity_ratecounter "
            "WHERE window_start < statement_timestamp() - make_interval(secs => %s) LIMIT %s FOR UPDATE SKIP LOCKED)",
            [MAX_WINDOW_S, _PURGE_BATCH],
        )
        return int(cursor.rowcount)
