"""Once a day, what is due: each month of each arena once."""

import pytest

from arena.common import ledger
from data_releases import schedule, services
from data_releases.models import Release, ReleasePolicy
from data_releases.publish import PublishRefused
from tests.ballots import make_arena, make_versions
from tests.data_releases.world import FIRST, add_battle, make_world

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


def refused_in(arena, done):
    """Instead of what is done in each arena: one refuses, and `done` notes the others."""

    def work(_files, one):
        if one == arena:
            raise PublishRefused("its files are not whole")
        done.append(one.slug)

    return work


def test_an_arena_that_is_refused_keeps_no_other_waiting_and_the_job_fails_loudly(folder, monkeypatch):
    monkeypatch.setattr(schedule, "store", services.store)
    first, _second = make_world(2), make_arena("other")
    done = []
    monkeypatch.setattr(schedule, "take_back", refused_in(first, done))
    for name in ("shards.sweep", "readings.forget_old", "forget_old"):
        monkeypatch.setattr(f"data_releases.schedule.{name}", lambda *_args, _name=name: done.append(_name))
    with pytest.raises(PublishRefused, match="not whole"):
        schedule.revise_due(None)
    assert sorted(done) == ["forget_old"] * 2 + ["other", "readings.forget_old"] + ["shards.sweep"] * 2


def test_a_month_that_cannot_be_built_keeps_no_other_arena_waiting(folder, monkeypatch):
    monkeypatch.setattr(schedule, "store", services.store)
    first, second = make_world(2), make_arena("other")
    build, built = services.build_release, []

    def refused(arena, month):
        if arena == first:
            raise services.BuildRefused("no")
        built.append(build(arena, month).arena)

    monkeypatch.setattr(services, "build_release", refused)
    add_battle(second, *make_versions(second, ("Ada", "Bert")))
    with pytest.raises(services.BuildRefused):
        a_day_passes(monkeypatch, 2026, 12, 1)
    assert built == [second]


def test_the_job_is_one_of_the_workers():
    from workers.jobs import JOBS

    assert JOBS[schedule.JOB.name] == (schedule.JOB, schedule.build_due)
