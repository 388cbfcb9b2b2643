"""Once a day, what is due: each month of each arena once."""

import pytest

from arena.common import ledger
from data_releases import schedule, services
from data_releases.models import Release, ReleasePolicy
from tests.data_releases.world import FIRST, make_world

pytestmark = pytest.mark.django_db(transaction=True)


def a_day_passes(monkeypatch, year, month, day):
    """Run the job as on that day; it is the database's day otherwise."""
    moment = FIRST.replace(year=year, month=month, day=day)
    monkeypatch.setattr(services, "today", moment.date)
    monkeypatch.setattr(ledger.Period, "end", property(lambda self: moment))
    ledger.PeriodicRun.objects.all().delete()
    return ledger.run_due(schedule.JOB, schedule.build_due)


def test_a_month_is_built_once_when_its_embargo_has_passed(folder, monkeypatch):
    monkeypatch.setattr(schedule, "store", services.store)
    arena = make_world(3)
    assert a_day_passes(monkeypatch, 2026, 11, 30) == 1
    assert not Release.objects.exists()
    for day in (1, 2):
        a_day_passes(monkeypatch, 2026, 12, day)
    assert [(release.name, release.state) for release in Release.objects.all()] == [("2026-10", "draft")]
    ReleasePolicy.objects.filter(arena=arena).update(publishes=True)
    a_day_passes(monkeypatch, 2027, 1, 1)
    assert [(release.name, release.state) for release in Release.objects.order_by("name")] == [
        ("2026-10", "published"),
        ("2026-11", "published"),
    ]
    assert Release.objects.get(name="2026-11").previous.name == "2026-10"


def test_an_arena_that_releases_nothing_is_left_alone(folder, monkeypatch):
    arena = make_world(1)
    services.policy_of(arena)
    ReleasePolicy.objects.update(builds=False)
    a_day_passes(monkeypatch, 2026, 12, 1)
    assert not Release.objects.exists()


def test_the_job_is_one_of_the_workers():
    from workers.jobs import JOBS

    assert JOBS[schedule.JOB.name] == (schedule.JOB, schedule.build_due)
