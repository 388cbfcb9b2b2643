"""Many processes count; PostgreSQL adds up; nothing shrinks and nothing is lost while the database is away."""

import os
import threading

import pytest
from django.db import DatabaseError, OperationalError, connection

from arena.common import metrics
from arena.common.metrics import Counter, Gauge, Histogram
from arena.common.models import MetricSeries


@pytest.fixture
def things(monkeypatch):
    """Metrics of the test's own, which are not exported."""
    monkeypatch.setattr(metrics, "COUNTED", {})
    monkeypatch.setattr(metrics, "GAUGES", {})
    metrics._forget()
    yield {
        "counter": Counter("test_things", "Things.", ("kind",)),
        "histogram": Histogram("test_seconds", "Times.", (1.0, 2.0), ("kind",)),
    }
    metrics._forget()


def test_counts_of_two_flushes_are_added_up(db, things):
    things["counter"].count("a")
    things["counter"].count("b", n=2.5)
    assert metrics.flush() == 2
    things["counter"].count("a", n=4)
    assert metrics.flush() == 1
    assert metrics.flush() == 0
    assert metrics.stored() == {"test_things": {("a",): [5], ("b",): [2.5]}}


def test_a_time_falls_into_its_bucket_with_the_bound_inside(db, things):
    for seconds in (0.5, 1.0, 1.5, 9.0):
        things["histogram"].observe("a", seconds=seconds)
    metrics.flush()
    assert metrics.stored()["test_seconds"] == {("a",): [2, 1, 1, 12.0]}


def test_buckets_of_another_version_of_the_code_begin_anew(db, things):
    MetricSeries.objects.create(name="test_seconds", labels=["a"], amounts=[7, 7, 7, 7, 7, 70])
    things["histogram"].observe("a", seconds=1)
    metrics.flush()
    assert metrics.stored()["test_seconds"] == {("a",): [1, 0, 0, 1]}


def test_a_wrong_number_of_labels_is_an_error(things):
    with pytest.raises(ValueError, match="2 values"):
        things["counter"].count("a", "b")


def test_while_the_database_is_away_nothing_is_lost(db, things, monkeypatch):
    def away(*_args):
        raise OperationalError

    things["counter"].count("a")
    with monkeypatch.context() as broken:
        broken.setattr(metrics, "connection", type("Away", (), {"cursor": away}))
        with pytest.raises(DatabaseError):
            metrics.flush()
        things["counter"].count("a")
    metrics.flush()
    assert metrics.stored()["test_things"] == {("a",): [2]}


@pytest.mark.django_db(transaction=True)
def test_processes_that_flush_at_once_lose_nothing_and_never_deadlock(things):
    """Each thread stands for a process: it writes what it counted, in the order that all use."""
    failures = []

    def work():
        try:
            for _ in range(20):
                for kind in "dcba":
                    things["counter"].count(kind)
                metrics.flush()
        except DatabaseError as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    metrics.flush()
    assert failures == []
    assert metrics.stored()["test_things"] == {(kind,): [80] for kind in "abcd"}


def test_a_forked_child_does_not_count_again_what_its_parent_counted(things):
    things["counter"].count("a")
    read_end, write_end = os.pipe()
    if (pid := os.fork()) == 0:
        os.write(write_end, str(len(metrics._Pending.amounts)).encode())
        os._exit(0)
    os.waitpid(pid, 0)
    assert os.read(read_end, 10) == b"0"
    assert len(metrics._Pending.amounts) == 1


def test_a_gauge_goes_up_and_down(things):
    gauge = Gauge("test_open", "Open.")
    gauge.add(2)
    gauge.add(-1)
    assert gauge.value == 1
