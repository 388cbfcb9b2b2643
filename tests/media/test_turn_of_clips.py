"""A battle of clips: both are gathered, prepared apart and heard at one moment; what cannot be played is redrawn."""

import asyncio
from datetime import timedelta
from functools import cache

import pytest
from django.db import OperationalError, connection
from django.db.models.functions import Now

from arena.battles import generation, handover, services
from arena.battles.conductor import Call, Failed
from arena.battles.gathering import Gathered, Gatherer
from arena.battles.models import Response, Turn
from arena.battles.states import SIDES, Phase
from arena.battles.work import LeaseLost
from arena.common.object_store import store
from arena.media import services as media
from arena.media.models import Clip, RawClip
from arena.media.raw import keep_raw
from arena.media.selectors import players_of
from arena.router.models import Pairing
from arena.systems.backends.base import AudioClip, Finished, GenerationRequest, Message, ServerFailed
from tests.ballots import make_voter
from tests.deliveries import DELIVERIES
from tests.media.conftest import PROMPT
from tests.media.sounds import as_file, melody
from workers.preparing import prepare_clips

pytestmark = pytest.mark.django_db(transaction=True)


@cache
def good():
    return as_file(melody(5), kind="MP3")


@cache
def other():
    return as_file(melody(5.5, seed=1)[:, :1], kind="FLAC")


@pytest.fixture
def battle(arena):
    return services.start_battle(arena, make_voter(), PROMPT)


def _turn(battle):
    return Turn.objects.get(battle=battle)


def _generated(battle, clips=None):
    work = generation.claim_turn(_turn(battle).id)
    for side, clip in zip(SIDES, clips or (good(), other()), strict=True):
        keep_raw(work.sides[side].response_id, AudioClip(clip, "audio/any", f"la {side}"), 2.0)
    handover.hand_over(work, Phase.PREPARE)
    return work


@DELIVERIES
def test_both_clips_can_be_heard_once_both_are_prepared_however_often_the_task_is_delivered(battle, deliver):
    _generated(battle)
    assert players_of(battle) == {}
    assert len(store().keys("clips-raw")) == 2
    deliver(prepare_clips, _turn(battle).id)
    battle.refresh_from_db()
    assert battle.state == "ready"
    left, right = (players_of(battle)[side] for side in SIDES)
    assert left.duration_s == right.duration_s == 5.0
    assert left.audio_url != right.audio_url
    assert Clip.objects.count() == 2
    clips = {clip.response.side: clip for clip in Clip.objects.select_related("response")}
    assert clips["left"].bytes == clips["right"].bytes
    assert {clip.generated_s for clip in clips.values()} == {5.0, 5.5}
    assert clips["left"].lyrics == "la left"
    assert Response.objects.get(turn__battle=battle, side="left", status="complete").content == ""
    assert RawClip.objects.count() == 0
    assert store().keys("clips-raw") == []
    assert len(store().keys("clips")) == 2


def test_a_worker_killed_while_it_prepares_loses_nothing(battle):
    _generated(battle)
    lost = handover.claim_generated(_turn(battle).id)
    prepared = media.prepare(lost)
    assert handover.claim_generated(_turn(battle).id) is None
    Turn.objects.update(lease_until=Now() - timedelta(seconds=1))
    prepare_clips(_turn(battle).id)
    battle.refresh_from_db()
    assert battle.state == "ready"
    with pytest.raises(LeaseLost):
        media.finish(lost, prepared)
    assert Clip.objects.count() == 2
    assert len(store().keys("clips")) == 2


def test_clips_stay_where_the_answer_to_the_commit_is_lost(battle, monkeypatch):
    _generated(battle)
    commit = connection.commit

    def commit_unheard():
        commit()
        raise OperationalError("the connection broke")

    work = handover.claim_generated(_turn(battle).id)
    prepared = media.prepare(work)
    with monkeypatch.context() as patched:
        patched.setattr(connection, "commit", commit_unheard)
        with pytest.raises(OperationalError):
            media.finish(work, prepared)
    battle.refresh_from_db()
    assert battle.state == "ready"
    assert store().keys("clips") == sorted(Clip.objects.values_list("key", flat=True))
    assert len(store().keys("clips")) == 2


def test_the_sweep_rings_for_the_phase_that_is_due(battle):
    _generated(battle)
    Turn.objects.update(rung_at=None)
    (due,) = generation.due_turns(0)
    assert handover.bell_of(due.phase) == "arena.prepare_clips"
    assert generation.claim_turn(due.id) is None


def test_a_side_that_cannot_be_played_is_drawn_anew_once_and_stays_a_row(battle):
    _generated(battle, (good(), b"<html>busy</html>"))
    prepare_clips(_turn(battle).id)
    battle.refresh_from_db()
    assert battle.state == "generating"
    assert Pairing.objects.get(id=battle.pairing_id).redraw_of is not None
    failed = Response.objects.get(status="failed")
    assert (failed.side, failed.error_class) == ("right", "NotAudio")
    _generated(battle, (b"", good()))
    prepare_clips(_turn(battle).id)
    battle.refresh_from_db()
    assert (battle.state, battle.reason) == ("failed", "backend_failed")
    assert Response.objects.filter(status="complete").count() == 0
    assert RawClip.objects.count() == 0


class _Backend:
    def __init__(self, *events):
        self.events, self.closed = events, False

    async def stream(self, request):
        try:
            for event in self.events:
                await asyncio.sleep(0)
                if isinstance(event, Exception):
                    raise event
                if event is None:
                    await asyncio.sleep(60)
                yield event
        finally:
            self.closed = True


def _gather(battle, left, right):
    work, kept = generation.claim_turn(_turn(battle).id), {}
    request = GenerationRequest((Message("user", PROMPT),))

    async def keep(side, clip, latency_s):
        kept[side] = (clip.data, latency_s)

    calls = {side: Call(backend, request) for side, backend in zip(SIDES, (left, right), strict=True)}
    return asyncio.run(Gatherer(work, calls, keep).run()), kept


def test_both_sides_are_asked_at_once_and_their_clips_kept(battle):
    backends = [_Backend(AudioClip(data, ""), Finished("stop")) for data in (b"one", b"two")]
    outcome, kept = _gather(battle, *backends)
    assert isinstance(outcome, Gathered)
    assert {side: data for side, (data, _s) in kept.items()} == {"left": b"one", "right": b"two"}


def test_a_failing_side_ends_the_other_at_once(battle):
    slow = _Backend(None)
    outcome, kept = _gather(battle, slow, _Backend(ServerFailed("500")))
    assert isinstance(outcome, Failed)
    assert set(outcome.failures) == {"right"}
    assert slow.closed
    assert kept == {}
