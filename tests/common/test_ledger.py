"""The ledger of periodic jobs: each period once, whoever asks and however often."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now

from arena.common import ledger
from arena.common.ledger import Job
from arena.common.models import Heartbeat, PeriodicRun
from arena.common.periods import HOURLY

pytestmark = pytest.mark.django_db(transaction=True)
JOB = Job("test.hourly", HOURLY, backlog=5)


def _miss(hours: int) -> None:
    """The newest run was so many hours ago."""
    newest = PeriodicRun.objects.filter(job=JOB.name).latest("period_start")
    PeriodicRun.objects.filter(job=JOB.name).exclude(id=newest.id).delete()
    PeriodicRun.objects.filter(id=newest.id).update(period_start=newest.period_start - timedelta(hours=hours))


def test_the_first_period_is_the_last_one_that_is_over():
    seen = []
    assert ledger.run_due(JOB, seen.append) == 1
    (period,) = seen
    assert period.end - period.start == timedelta(hours=1)
    assert period.end == HOURLY.start_of(PeriodicRun.objects.get().created_at)


def test_a_period_that_is_done_is_never_done_again():
    ledger.run_due(JOB, lambda _period: None)
    assert ledger.due([JOB]) == []
    assert ledger.run_due(JOB, lambda _period: pytest.fail("ran twice")) == 0


def test_all_jobs_are_looked_at_by_one_query(django_assert_num_queries):
    ledger.run_due(JOB, lambda _period: None)
    other = Job("test.other", HOURLY)
    with django_assert_num_queries(1):
        assert ledger.due([JOB, other]) == [other]


def test_missed_periods_are_made_up_for_in_their_order_and_the_oldest_are_left_out():
    ledger.run_due(JOB, lambda _period: None)
    _miss(3)
    starts = []
    assert ledger.run_due(JOB, lambda period: starts.append(period.start)) == 3
    assert starts == sorted(set(starts))
    _miss(100)
    assert ledger.run_due(JOB, lambda _period: None) == JOB.backlog


def test_of_many_workers_at_once_one_runs_the_period():
    runs, gate = [], threading.Barrier(8)

    def work(period):
        runs.append(period.start)

    def ask():
        gate.wait()
        try:
            ledger.run_due(JOB, work)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(runs) == 1


def test_periods_of_one_job_never_run_beside_each_other():
    ledger.run_due(JOB, lambda _period: None)
    _miss(3)
    held = ledger.claim(JOB)
    assert held is not None
    assert ledger.claim(JOB) is None
    assert ledger.due([JOB]) == []
    held.close()
    assert ledger.claim(JOB) is not None


def test_a_dead_workers_period_is_taken_over_and_its_late_effect_is_refused():
    dead = ledger.claim(JOB)
    PeriodicRun.objects.update(lease_until=Now() - timedelta(seconds=1))
    assert ledger.run_due(JOB, lambda _period: None) == 1

    def late():
        with transaction.atomic():
            Heartbeat.objects.create(name="late effect")
            dead.close()

    with pytest.raises(ledger.PeriodLost):
        late()
    assert not Heartbeat.objects.exists()


def test_a_run_whose_lease_was_lost_has_finished_nothing_even_where_the_closing_is_left_to_the_ledger():
    def slow(_period):
        PeriodicRun.objects.update(lease_until=Now() - timedelta(seconds=1))
        assert ledger.claim(JOB) is not None

    assert ledger.run_due(JOB, slow) == 0
    assert PeriodicRun.objects.get().finished_at is None


def test_an_effect_that_commits_with_its_period_happens_once_even_if_the_worker_dies_right_after():
    def work(period):
        with transaction.atomic():
            Heartbeat.objects.create(name=f"effect {period.start}")
            period.close()
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        ledger.run_due(JOB, work)
    PeriodicRun.objects.filter(finished_at=None).update(lease_until=Now() - timedelta(seconds=1))
    assert ledger.run_due(JOB, work) == 0
    assert Heartbeat.objects.count() == 1


def _break(_period):
    raise ZeroDivisionError


def test_a_run_that_fails_is_tried_again_later_and_closed_after_the_last_try():
    for attempt in range(1, ledger.MAX_ATTEMPTS + 1):
        with pytest.raises(ZeroDivisionError):
            ledger.run_due(JOB, _break)
        row = PeriodicRun.objects.get()
        assert (row.attempt, row.error) == (attempt, "ZeroDivisionError")
        assert ledger.due([JOB]) == []
        PeriodicRun.objects.filter(finished_at=None).update(lease_until=Now() - timedelta(seconds=1))
    assert PeriodicRun.objects.get().finished_at is not None
    _miss(1)
    assert ledger.run_due(JOB, lambda _period: None) == 1


def _given_up():
    for _ in range(ledger.MAX_ATTEMPTS):
        with pytest.raises(ZeroDivisionError):
            ledger.run_due(JOB, _break)
        PeriodicRun.objects.filter(finished_at=None).update(lease_until=Now() - timedelta(seconds=1))
    return PeriodicRun.objects.get()


def test_a_period_that_was_given_up_is_run_again_once_when_somebody_asks():
    row = _given_up()
    assert ledger.run_again(row.id)
    assert not ledger.run_again(row.id)
    with pytest.raises(ZeroDivisionError):
        ledger.run_due(JOB, _break)
    assert ledger.due([JOB]) == []
    assert ledger.run_again(row.id)
    seen = []
    assert ledger.run_due(JOB, seen.append) == 1
    row.refresh_from_db()
    assert (seen[0].start, row.error, row.attempt) == (row.period_start, "", ledger.MAX_ATTEMPTS + 2)


def test_an_older_period_is_run_again_and_the_newest_ones_come_after_it():
    ledger.run_due(JOB, lambda _period: None)
    oldest = PeriodicRun.objects.get()
    _miss(3)
    ledger.run_due(JOB, lambda _period: None)
    _miss_newest = PeriodicRun.objects.latest("period_start")
    PeriodicRun.objects.filter(id=_miss_newest.id).delete()
    assert ledger.run_again(oldest.id)
    starts = []
    assert ledger.run_due(JOB, lambda period: starts.append(period.start)) == 2
    assert starts == [PeriodicRun.objects.get(id=oldest.id).period_start, _miss_newest.period_start]


def test_while_a_period_is_open_no_other_one_of_its_job_is_run_again():
    ledger.run_due(JOB, lambda _period: None)
    done = PeriodicRun.objects.get()
    _miss(1)
    assert ledger.claim(JOB) is not None
    assert not ledger.run_again(done.id)


def test_a_period_that_takes_its_workers_down_is_given_up():
    for _ in range(ledger.MAX_ATTEMPTS):
        assert ledger.claim(JOB) is not None
        PeriodicRun.objects.update(lease_until=Now() - timedelta(seconds=1))
    assert ledger.claim(JOB) is None
    row = PeriodicRun.objects.get()
    assert (row.error, row.finished_at is not None) == ("GaveUp", True)
