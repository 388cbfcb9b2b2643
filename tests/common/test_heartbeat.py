"""Signs of life."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from arena.common import heartbeat
from arena.common.models import Heartbeat


@pytest.mark.django_db
def test_a_part_that_beats_is_young_by_the_databases_clock() -> None:
    heartbeat.beat("worker:cpu")
    Heartbeat.objects.update(beat_at=Now() - timedelta(hours=1))
    assert heartbeat.ages_s()["worker:cpu"] == pytest.approx(3600, abs=30)

    heartbeat.beat("worker:cpu")

    assert heartbeat.ages_s()["worker:cpu"] == pytest.approx(0, abs=30)
    assert Heartbeat.objects.count() == 1


def test_a_part_that_never_beat_or_beat_too_long_ago_is_silent() -> None:
    ages = {"young": 1.0, "old": heartbeat.STALE_S + 0.1}

    assert heartbeat.silent(["young", "old", "never"], ages) == ["old", "never"]


def test_parts_beat_often_enough_to_miss_a_few() -> None:
    assert heartbeat.PERIOD_S * 3 < heartbeat.STALE_S


@pytest.mark.django_db
def test_a_turn_is_taken_once_in_its_period() -> None:
    assert heartbeat.take_turn("sweep", every_s=60)
    assert not heartbeat.take_turn("sweep", every_s=60)

    Heartbeat.objects.update(beat_at=Now() - timedelta(seconds=61))

    assert heartbeat.take_turn("sweep", every_s=60)
    assert not heartbeat.take_turn("sweep", every_s=60)
