"""The workers' application with one more job, every three seconds; its effects are rows without any uniqueness.

`celery -A tests.faults.clockwork:app`. The table is the test's.
"""

from datetime import timedelta
from importlib import import_module

# It sets Django up, which the models need.
app = import_module("workers.app").app

from django.db import connection, transaction  # noqa: E402

from arena.common.ledger import Job, Period  # noqa: E402
from arena.common.periods import Every  # noqa: E402
from workers.jobs import JOBS  # noqa: E402

PERIOD_S = 3
NAME = "test.clockwork"
TABLE = "CREATE TABLE clockwork (period_start timestamptz NOT NULL, ran_at timestamptz NOT NULL DEFAULT now())"

__all__ = ["app"]


def tick(period: Period) -> None:
    """One row for one period."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO clockwork (period_start) VALUES (%s)", [period.start])
        period.close()


JOBS[NAME] = (Job(NAME, Every(timedelta(seconds=PERIOD_S))), tick)
