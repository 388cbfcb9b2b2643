"""A test prompt calls a system once, outside of any battle, and its outcome is kept for the operator."""

import pytest
from django.db.models.functions import Now

from arena.battles.models import Battle
from arena.common.models import OutboxMessage
from arena.systems import trials
from arena.systems.models import Health, SystemVersion, Trial, Usage
from tests.ballots import make_arena
from tests.contenders import replay_system
from workers.trials import try_local, try_streamed

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def version(tmp_path, valkey):
    arena = make_arena()
    replay_system(arena, "ada", {"Hello?": "Hello from Ada."}, tmp_path)
    return SystemVersion.objects.select_related("system").get()


def local_version(version):
    version.pk, version.number, version.retired_at = None, 2, Now()
    version.backend, version.endpoint = "local", {"entry": "arena.systems.offline.eliza:reply"}
    version._state.adding = True
    version.save()
    return version


def test_a_system_that_streams_answers_and_its_cost_is_todays_spending(version):
    trial = trials.start(version, "Hello?")
    try_streamed(trial.pk)
    trial.refresh_from_db()
    assert (trial.content, trial.error_class, trial.finish_reason) == ("Hello from Ada.", "", "stop")
    assert 0 < trial.ttft_s <= trial.latency_s
    assert Usage.objects.get().cost_usd == trial.cost_usd > 0
    assert not Battle.objects.exists()
    assert not Health.objects.exists()


def test_a_local_system_is_asked_through_the_queue_of_local_work(version, valkey):
    trial = trials.start(local_version(version), "I feel tired.")
    assert valkey.llen("cpu") == 1
    assert not OutboxMessage.objects.exists()
    try_local(trial.pk)
    trial.refresh_from_db()
    assert trial.error_class == ""
    assert trial.content


def test_a_system_of_music_is_tried_with_words_to_sing_and_its_clip_is_not_kept(version):
    choir = local_version(version)
    SystemVersion.objects.filter(pk=choir.pk).update(
        endpoint={"entry": "arena.systems.offline.music.singers:choir"},
        signature={"vocals": "always", "lyrics": ["requires"]},
    )
    trial = trials.start(SystemVersion.objects.select_related("system").get(pk=choir.pk), "A hymn")
    try_local(trial.pk)
    trial.refresh_from_db()
    assert (trial.error_class, trial.finish_reason) == ("", "stop")
    assert trial.content.startswith("audio/wav, ")
    assert "sing with me" in trial.content


def test_a_failure_is_told_by_its_class(version):
    trial = trials.start(version, "Something that the file lacks")
    try_streamed(trial.pk)
    trial.refresh_from_db()
    assert (trial.error_class, trial.content) == ("Unsupported", "")
    assert Usage.objects.get().outcome == "Unsupported"


def test_it_is_called_once_however_often_the_bell_rings(version):
    trial = trials.start(version, "Hello?")
    try_streamed(trial.pk)
    try_streamed(trial.pk)
    assert Usage.objects.get().calls == 1
    assert trials.claim(trial.pk) is None


def test_it_waits_no_longer_than_a_minute(version):
    work = trials.claim(trials.start(version, "Hello?").pk)
    assert work.request.limits.total_s == trials.TOTAL_S == 60


def test_old_ones_are_forgotten(version):
    trial = trials.start(version, "Hello?")
    assert trials.purge() == 0
    Trial.objects.filter(pk=trial.pk).update(created_at="2026-01-01T00:00Z")
    assert trials.purge() == 1
