"""Jobs that run once per period: each period is a row in PostgreSQL, claimed by compare-and-set.

However often the clock rings, whether two beats run or none did for a while, a period is dealt with once, periods of
one job one after the other, the oldest first. A period is due when it is over by the database's clock. A worker that
dies leaves a lease that runs out; a run that raises is tried again a few times, and then closed as failed, so that one
bad period does not hold up the next.

    JOB = ledger.Job("boards.history", periods.HOURLY)

    def keep_history(period: ledger.Period) -> None:
        points = compute(period.start, period.end)      # may take its time, may run twice
        with transaction.atomic():
            store(points)
            period.close()                              # the effect and the mark commit together: exactly once

    ledger.run_due(JOB, keep_history)

Work that may as well run twice leaves the closing to `run_due`.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from django.db import IntegrityError, connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from arena.common.models import PeriodicRun
from arena.common.periods import Periods, next_due

logger = logging.getLogger(__name__)

#: A period that was begun this often is closed as failed.
MAX_ATTEMPTS: Final = 4
#: Wait before another try: this long after the first failure, twice as long after each further one.
RETRY_S: Final = 60.0


#: Stands for the error of a period that an operator wants run again, until a worker has it.
RUN_AGAIN: Final = "RunAgain"


class PeriodLost(Exception):
    """Somebody else has this period now (its lease ran out); nothing was written."""


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do once per period.

    Attributes:
        name: what the rows call it, at most 100 characters; never given to another job.
        periods: how time is cut.
        backlog: after a pause, the newest so many missed periods are made up for.
        lease_s: longer than a run ever takes; a worker that died is replaced after it.
    """

    name: str
    periods: Periods
    backlog: int = 48
    lease_s: float = 900.0


@dataclass(frozen=True, slots=True)
class Period:
    """One claimed period: from `start` up to, but not including, `end`, both in UTC."""

    job: Job
    run_id: int
    start: datetime
    attempt: int

    @property
    def end(self) -> datetime:
        """The first moment after the period."""
        return self.job.periods.after(self.start)

    def close(self) -> None:
        """Mark the period as done; call it in the transaction that stores the job's effect.

        Raises:
            PeriodLost: it is not ours any more; the caller's transaction must not commit.
        """
        if not _held(self).update(finished_at=Now(), lease_until=None, error=""):
            raise PeriodLost(f"{self.job.name} {self.start.isoformat()}")


Work: TypeAlias = Callable[[Period], None]
#: What comes next: a new period's start, an open run that nobody holds, or nothing.
Plan: TypeAlias = datetime | PeriodicRun | None

#: By job: its newest period, and its open run, which mostly is of that period; but an operator may have opened an
#: older one again.
_LOOK_SQL: Final = """
    SELECT clock_timestamp(), newest.period_start,
        held.id, held.period_start, held.attempt, held.lease_until, held.error
    FROM unnest(%s::text[]) WITH ORDINALITY AS wanted (job, place)
    LEFT JOIN common_periodicrun AS held ON held.job = wanted.job AND held.finished_at IS NULL
    LEFT JOIN LATERAL (
        SELECT period_start FROM common_periodicrun WHERE job = wanted.job ORDER BY period_start DESC LIMIT 1
    ) AS newest ON true
    ORDER BY wanted.place
"""


def run_due(job: Job, work: Work) -> int:
    """Run `work` for every period that is due and that nobody else has, the oldest first.

    Returns:
        How many periods were finished here.

    Raises:
        Exception: whatever `work` raises; the period is tried again later.
    """
    finished = 0
    while (period := claim(job)) is not None:
        try:
            work(period)
            if not _is_closed(period):
                period.close()
        except PeriodLost:
            logger.warning("%s: lease lost, another worker has the period", job.name)
            break
        except Exception as error:
            _fail(period, error)
            raise
        finished += 1
    return finished


def due(jobs: Sequence[Job]) -> list[Job]:
    """Those for which a worker would find something to do now; claims nothing."""
    return [job for job, plan in zip(jobs, _plans(jobs), strict=True) if plan is not None]


def claim(job: Job) -> Period | None:
    """Take the oldest due period; None where nothing is due, or somebody else was faster."""
    (plan,) = _plans([job])
    if plan is None:
        return None
    if isinstance(plan, datetime):
        return _begin(job, plan)
    again = Period(job, plan.id, plan.period_start, plan.attempt + 1)
    free = PeriodicRun.objects.filter(id=plan.id, attempt=plan.attempt, finished_at=None, lease_until__lt=Now())
    error = "" if plan.error == RUN_AGAIN else plan.error
    if not free.update(attempt=F("attempt") + 1, lease_until=Now() + timedelta(seconds=job.lease_s), error=error):
        return None
    if again.attempt > MAX_ATTEMPTS and plan.error != RUN_AGAIN:
        # Its workers died or hung every time, or it would have been closed by `_fail`.
        _held(again).update(finished_at=Now(), lease_until=None, error="GaveUp")
        return claim(job)
    return again


def run_again(run_id: int) -> bool:
    """Open a period that is closed, so that the next worker who asks takes it, for one try.

    Returns:
        Whether it was opened: not where it is open already, or another period of its job is.
    """
    closed = PeriodicRun.objects.filter(id=run_id, finished_at__isnull=False)
    try:
        with transaction.atomic():
            opened = closed.update(finished_at=None, error=RUN_AGAIN, lease_until=Now() - timedelta(seconds=1))
    except IntegrityError:
        return False
    return bool(opened)


def _plans(jobs: Sequence[Job]) -> list[Plan]:
    """What comes next for each of them, found by one query."""
    with connection.cursor() as cursor:
        cursor.execute(_LOOK_SQL, [[job.name for job in jobs]])
        return [_plan(job, *row) for job, row in zip(jobs, cursor.fetchall(), strict=True)]


def _plan(job: Job, now: datetime, newest: datetime | None, run_id: int | None, *held: Any) -> Plan:
    if run_id is None:
        return next_due(job.periods, newest, now, job.backlog)
    start, attempt, lease_until, error = held
    is_free = lease_until is not None and lease_until < now
    return PeriodicRun(id=run_id, period_start=start, attempt=attempt, error=error) if is_free else None


def _begin(job: Job, start: datetime) -> Period | None:
    """Insert the period's row; one worker succeeds, whatever `_plan` told the others."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO common_periodicrun (job, period_start, attempt, lease_until, error) "
            "VALUES (%s, %s, 1, now() + %s * interval '1 second', '') ON CONFLICT DO NOTHING RETURNING id",
            [job.name, start, job.lease_s],
        )
        row = cursor.fetchone()
    return Period(job, row[0], start, 1) if row else None


def _held(period: Period) -> QuerySet[PeriodicRun]:
    return PeriodicRun.objects.filter(id=period.run_id, attempt=period.attempt, finished_at=None)


def _is_closed(period: Period) -> bool:
    """Whether this very run has closed the period, rather than another worker."""
    own = PeriodicRun.objects.filter(id=period.run_id, attempt=period.attempt)
    return own.filter(finished_at__isnull=False).exists()


def _fail(period: Period, error: Exception) -> None:
    """Note a failed run: another try later, or the end of trying."""
    pause = timedelta(seconds=RETRY_S * 2 ** (period.attempt - 1))
    ending = (
        {"finished_at": Now(), "lease_until": None}
        if period.attempt >= MAX_ATTEMPTS
        else {"lease_until": Now() + pause}
    )
    _held(period).update(error=type(error).__name__, **ending)
