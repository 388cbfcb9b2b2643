"""Texts are read once when they have arrived, looked up by builds, and forgotten with their texts."""

from copy import copy
from datetime import timedelta

import pytest
from django.db.models import F
from django.db.models.functions import Now

from arena.battles.models import Battle, Turn
from arena.systems.models import SystemVersion
from arena.votes.withdrawals import withdraw_battle
from data_releases import pii, reading, readings
from data_releases.models import ReadingMark, TextReading
from data_releases.reading import digest_of
from data_releases.readings import read_next
from data_releases.vectors import embeddings_of
from tests.data_releases.world import add_battle, make_world
from tests.kept_rows import kept_rows

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def once(django_db_setup, django_db_blocker):
    """Battles that ended an hour ago."""
    with kept_rows(django_db_blocker):
        yield ended_battles()


@pytest.fixture
def arena(once, db):
    return copy(once)


def ended_battles():
    arena = make_world(30)
    ada, bert = SystemVersion.objects.order_by("id")[:2]
    add_battle(
        arena, ada, bert, prompt="Mail to anna@example.org", feedback={"left": "Call +33 6 12 34 56 78", "right": ""}
    )
    add_battle(
        arena,
        ada,
        bert,
        prompt="Nobody may publish this",
        publication=False,
        answers={"left": "Quiet", "right": "Still"},
    )
    Battle.objects.update(state_changed_at=Now() - timedelta(hours=1))
    return arena


def read_all(arena):
    while read_next(arena):
        pass


def refused(_text):
    raise AssertionError("a text was read that had been read")


def test_a_build_looks_up_what_was_read_and_gives_the_same_bytes(folder, built, arena, monkeypatch):
    before = built(arena).manifest_sha256
    assert not TextReading.objects.exists()
    read_all(arena)
    monkeypatch.setattr("data_releases.texts.verdict_of", refused)
    monkeypatch.setattr("data_releases.part.embeddings_of", rows_made_anew)
    monkeypatch.setattr("data_releases.part.sketches_of", lambda prompts: [refused(one) for one in prompts])
    release = built(arena)
    assert release.manifest_sha256 == before
    assert release.manifest["pii"]["found_in_texts"] == {"email": 1, "phone": 1}


def rows_made_anew(rows):
    assert len(rows) == 0
    return embeddings_of(rows)


def test_a_text_is_read_once_however_often_it_comes(arena, monkeypatch):
    seen = []
    monkeypatch.setattr(reading, "verdict_of", lambda text: seen.append(text) or "")
    read_all(arena)
    ReadingMark.objects.all().delete()
    read_all(arena)
    assert len(seen) == len(set(seen)) == TextReading.objects.count()
    assert "Nobody may publish this" in seen
    # Only what may be published is looked at for personal data; of prompts the split needs a sketch.
    assert "Quiet" not in seen


def test_other_rules_read_again(arena, monkeypatch):
    read_all(arena)
    number = TextReading.objects.count()
    monkeypatch.setattr(readings, "RULES", "other")
    read_all(arena)
    assert TextReading.objects.filter(rules="other").count() == TextReading.objects.count() == number


def test_what_ended_just_now_waits_until_it_is_settled(arena):
    read_all(arena)
    ada, bert = SystemVersion.objects.order_by("id")[:2]
    add_battle(arena, ada, bert, prompt="Quite new")
    assert read_next(arena) == 0
    Battle.objects.filter(state_changed_at__gt=Now() - timedelta(minutes=1)).update(
        state_changed_at=F("state_changed_at") - timedelta(minutes=2), created_at=Now()
    )
    assert read_next(arena) == 1
    assert TextReading.objects.filter(sha256=digest_of("Quite new")).exists()


def test_a_withdrawn_battle_takes_its_readings_along(arena):
    read_all(arena)
    turn = Turn.objects.get(prompt="Mail to anna@example.org")
    digests = [digest_of(text) for text in (turn.prompt, "Call +33 6 12 34 56 78")]
    assert TextReading.objects.filter(sha256__in=digests).count() == 2
    withdraw_battle(turn.battle_id, vote=False)
    assert not TextReading.objects.filter(sha256__in=digests).exists()
    ReadingMark.objects.all().delete()
    read_all(arena)
    assert not TextReading.objects.filter(sha256__in=digests).exists()


def test_old_readings_go(arena):
    read_all(arena)
    TextReading.objects.filter(sha256=digest_of("Quiet")).delete()
    number = TextReading.objects.count()
    TextReading.objects.filter(kinds="email").update(created_at=Now() - readings.KEPT - timedelta(hours=1))
    assert readings.forget_old() == 1
    assert TextReading.objects.count() == number - 1


def test_a_text_on_which_the_filter_failed_stays_inside(folder, built, arena, monkeypatch):
    looked_at = pii.findings

    def findings(text):
        if "Question 1:" in text:
            raise pii.Unreadable("a detector failed")
        return looked_at(text)

    monkeypatch.setattr(pii, "findings", findings)
    read_all(arena)
    monkeypatch.setattr(pii, "findings", looked_at)
    assert (
        built(arena).manifest["withheld_texts"]["unreadable"] == Turn.objects.filter(prompt__contains="n 1:").count()
    )


def test_the_job_is_one_of_the_workers():
    from workers.jobs import JOBS

    assert JOBS[readings.JOB.name] == (readings.JOB, readings.read_due)
