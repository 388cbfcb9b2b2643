"""What a process says about itself, and what is left when it stops or is killed."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.db.models import F
from django.db.models.functions import Now

from arena.common import connections, heartbeat, metrics, processes
from arena.common.measures import SOCKETS, VOTES
from arena.common.models import ProcessReport
from arena.common.processes import Reporter
from ops.processes import wait_until


@pytest.fixture
def reporter():
    metrics._forget()
    reporter = Reporter("worker:streams", ["worker:streams"])
    yield reporter
    reporter.stop()
    metrics._forget()


@pytest.mark.django_db(transaction=True)
def test_a_process_reports_at_once_and_says_goodbye_with_what_it_still_counted(reporter):
    reporter.start()
    assert wait_until(processes.alive, timeout_s=10)
    (report,) = processes.alive()
    assert report.kind == "worker:streams"
    assert not heartbeat.silent(["worker:streams"], heartbeat.ages_s())
    VOTES.count(1, "tie")
    reporter.stop()
    assert processes.alive() == []
    assert metrics.stored()["arena_votes"] == {("1", "tie"): [1]}


def test_every_report_renews_the_row_with_the_gauges_of_now(db, reporter, monkeypatch):
    reporter.tell()
    ProcessReport.objects.update(beat_at=Now() - timedelta(seconds=20))
    monkeypatch.setattr(SOCKETS, "value", 5)
    reporter.tell()
    report = ProcessReport.objects.annotate(age=Now() - F("beat_at")).get()
    # The test's own connection is in use, and for a moment perhaps one that the pool is opening.
    assert report.gauges.pop(connections.BUSY) >= 1
    assert report.gauges == {"arena_websockets_open": 5, connections.MOST: connections.database_most()}
    assert report.age < timedelta(seconds=10)


def test_a_killed_process_is_soon_not_counted_and_later_forgotten(db, reporter):
    reporter.tell()
    ProcessReport.objects.update(beat_at=Now() - timedelta(seconds=heartbeat.STALE_S + 1))
    assert processes.alive() == []
    processes.forget_dead()
    assert ProcessReport.objects.count() == 1
    ProcessReport.objects.update(beat_at=Now() - timedelta(seconds=processes.FORGET_AFTER_S + 1))
    processes.forget_dead()
    assert ProcessReport.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_while_the_database_is_away_the_thread_goes_on(reporter, monkeypatch):
    def away(*_args):
        raise OperationalError

    monkeypatch.setattr(heartbeat, "beat", away)
    reporter._try(reporter.tell)
    assert ProcessReport.objects.count() == 0
