"""A voter takes a battle back: its texts at once, its vote only if that is the wish."""

import uuid

import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import IntegrityError, models, transaction

from arena.arenas.models import Arena
from arena.battles.errors import BattleNotFound, NotReady
from arena.battles.models import Battle, RefusedTurn, Report, Response, Turn
from arena.common import live
from arena.common.models import OutboxMessage
from arena.common.storage import FolderStore
from arena.media.models import Clip
from arena.votes.models import Vote, Withdrawal
from arena.votes.outcome import Outcome
from arena.votes.receipts import ReceiptInvalid, battle_of_receipt, receipt_of
from arena.votes.services import cast_vote
from arena.votes.withdrawals import withdraw, withdraw_battle, withdraw_everything
from tests.ballots import make_arena, make_battle, make_versions, make_voter

pytestmark = pytest.mark.django_db


@pytest.fixture
def battle():
    """Alice's battle of two turns, voted and reported."""
    battle = make_battle(make_arena(), *make_versions(make_arena("other"), ["Ada", "Bell"]), turns=2)
    cast_vote(battle.id, battle.voter, Outcome.LEFT, {"left": ["clear"]}, {"right": "secret words"})
    Report.objects.create(battle=battle, turn_n=1, side="left", reason="broken", text="secret words")
    Response.objects.filter(turn__battle=battle).update(content="secret words", reasoning="secret words")
    Response.objects.filter(turn__battle=battle, side="left").update(identity_matches=["secret words"])
    Turn.objects.filter(battle=battle).update(prompt="secret words")
    RefusedTurn.objects.create(battle=battle, prompt="secret words", reason="illegal")
    OutboxMessage.objects.all().delete()
    return battle


def texts_of(battle):
    rows = [
        *Battle.objects.filter(pk=battle.pk).values(),
        *RefusedTurn.objects.filter(battle=battle).values(),
        *Turn.objects.filter(battle=battle).values(),
        *Response.objects.filter(turn__battle=battle).values(),
        *Vote.objects.filter(battle=battle).values(),
        *Report.objects.filter(battle=battle).values(),
    ]
    return str(rows)


def test_texts_go_at_once_and_the_vote_stays(battle):
    assert "secret words" in texts_of(battle)
    done = withdraw(battle.id, battle.voter, vote=False)
    assert "secret words" not in texts_of(battle)
    assert done.text_at is not None
    assert done.vote_at is None
    vote = Vote.objects.get()
    assert (vote.outcome, vote.reasons["left"]) == ("left", ["clear"])
    # That a system named itself still counts.
    assert Response.objects.filter(identity_matches__len=1).count() == 2
    assert [message.task for message in OutboxMessage.objects.all()] == ["arena.revise_releases"]


#: Columns of text and JSON of whatever hangs on a battle.
ERASED = {
    "battles.Battle.requirement", "battles.Turn.prompt", "battles.RefusedTurn.prompt", "battles.Report.text",
    "battles.Response.content", "battles.Response.reasoning", "battles.Response.identity_matches",
    "media.Clip.lyrics", "votes.Vote.feedback",
}  # fmt: skip
STAYS = {
    "battles.Prefetched.prompt": "a suggestion of the arena",
    "battles.Report.resolution": "an operator's words",
    "media.RawClip.lyrics": "a turn that ended has none: `media.orphans`",
    "media.Clip.peaks": "heights of a waveform",
    "media.Clip.native": "format and length of the original",
    "votes.Vote.reasons": "codes",
    "votes.Listening.left_intervals": "milliseconds",
    "votes.Listening.right_intervals": "milliseconds",
    "votes.Listening.working": "clocks",
    "rankings.BattleForm.left": "lengths and counts of markup",
    "rankings.BattleForm.right": "lengths and counts of markup",
}


def hangs_on_a_battle(model, seen=()):
    ends = [field.related_model for field in model._meta.concrete_fields if field.is_relation]
    return model is Battle or any(hangs_on_a_battle(end, (*seen, model)) for end in ends if end not in (*seen, model))


def test_every_column_of_text_of_a_battle_is_erased_or_stays_for_a_reason():
    wordy = (models.TextField, models.JSONField, ArrayField)
    found = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        if not model._meta.proxy and hangs_on_a_battle(model)
        for field in model._meta.concrete_fields
        if isinstance(field, wordy)
    }
    assert found == ERASED | set(STAYS)


def test_words_to_be_sung_go_and_what_is_published_of_a_requirement_stays(battle):
    Arena.objects.filter(pk=battle.arena_id).update(modality="music")
    wish = {"vocals": True, "lyrics": "secret words", "genres": ["secret words"]}
    Battle.objects.update(requirement={**wish, "duration_s": 30.0, "lyrics_by": "visitor", "asked": wish})
    withdraw(battle.id, battle.voter, vote=False)
    assert "secret words" not in texts_of(battle)
    assert Battle.objects.get(pk=battle.pk).requirement == {"vocals": True, "duration_s": 30.0}


def test_the_live_stream_goes_too(battle, django_capture_on_commit_callbacks):
    live.client().xadd(live.stream_key(battle.id), {"e": "secret words"})
    with django_capture_on_commit_callbacks(execute=True):
        withdraw(battle.id, battle.voter, vote=False)
    assert not live.client().exists(live.stream_key(battle.id))


def test_the_vote_may_follow_later_and_again_changes_nothing(battle):
    first = withdraw(battle.id, battle.voter, vote=False)
    second = withdraw(battle.id, battle.voter, vote=True)
    assert second.text_at == first.text_at
    assert second.vote_at is not None
    rung = sorted(message.task for message in OutboxMessage.objects.all())
    assert rung == ["arena.refresh_board", "arena.revise_releases", "arena.revise_releases"]
    assert withdraw(battle.id, battle.voter, vote=False) == second
    assert Withdrawal.objects.count() == 2
    assert Vote.objects.count() == 1


def test_mallory_withdraws_nothing_of_alice(battle):
    for stranger in (make_voter(), None):
        with pytest.raises(BattleNotFound):
            withdraw(battle.id, stranger, vote=True)
    with pytest.raises(BattleNotFound):
        withdraw(uuid.uuid4(), battle.voter, vote=True)
    assert "secret words" in texts_of(battle)


def test_a_battle_that_is_being_written_must_be_stopped_first(battle):
    Battle.objects.update(state="generating")
    with pytest.raises(NotReady):
        withdraw(battle.id, battle.voter, vote=False)


def test_a_battle_without_texts_takes_no_vote(battle):
    waiting = make_battle(battle.arena, *make_versions(make_arena("third"), ["Cleo", "Dora"]), voter=battle.voter)
    withdraw(waiting.id, waiting.voter, vote=True)
    with pytest.raises(NotReady):
        cast_vote(waiting.id, waiting.voter, Outcome.LEFT)
    assert [row.scope for row in Withdrawal.objects.all()] == ["text"]


def test_everything_of_one_voter_and_nothing_of_another(battle):
    other = make_battle(battle.arena, *make_versions(make_arena("third"), ["Cleo", "Dora"]))
    running = make_battle(
        battle.arena, *make_versions(make_arena("fourth"), ["Eve", "Fay"]), voter=battle.voter, state="generating"
    )
    assert withdraw_everything(battle.voter, votes=True) == (1, 1)
    assert Turn.objects.get(battle=other).prompt
    assert Turn.objects.get(battle=running).prompt
    assert "secret words" not in texts_of(battle)


def test_a_wish_is_never_changed(battle):
    withdraw(battle.id, battle.voter, vote=False)
    for change in (lambda rows: rows.update(scope="vote"), lambda rows: rows.delete()):
        with pytest.raises(IntegrityError), transaction.atomic():
            change(Withdrawal.objects.all())


def test_a_receipt_opens_its_battle_however_it_is_typed(battle):
    code = receipt_of(battle.id)
    assert len(code) == 47
    assert battle_of_receipt(code) == battle.id
    assert battle_of_receipt(f"  {code.lower().replace('-', ' ')}\n") == battle.id
    assert withdraw_battle(battle_of_receipt(code), vote=True).vote_at is not None


@pytest.mark.parametrize("change", ["", "x", "ÄÄ", "A" * 40, "A" * 4000])
def test_what_is_no_receipt_opens_nothing(change):
    with pytest.raises(ReceiptInvalid):
        battle_of_receipt(change)


def test_a_receipt_of_another_site_or_battle_opens_nothing(battle, settings):
    code = receipt_of(battle.id)
    forged = receipt_of(uuid.uuid4())[:30] + code[30:]
    with pytest.raises(ReceiptInvalid):
        battle_of_receipt(forged)
    settings.SECRET_KEY, before = "another", settings.SECRET_KEY
    settings.SECRET_KEY_FALLBACKS = [before]
    assert battle_of_receipt(code) == battle.id
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(ReceiptInvalid):
        battle_of_receipt(code)


def test_a_clip_goes_with_its_battle(battle, monkeypatch, tmp_path, django_capture_on_commit_callbacks):
    files = FolderStore(tmp_path)
    monkeypatch.setattr("arena.media.erasing.store", lambda: files)
    files.put("clips/1", b"sound")
    Clip.objects.create(
        response=Response.objects.filter(turn__battle=battle).first(), key="clips/1", media_type="audio/ogg",
        lyrics="secret words", duration_s=30, generated_s=30, prepared_in_s=1, peaks=[1], bytes=5, sha256="0" * 64,
    )  # fmt: skip
    with django_capture_on_commit_callbacks(execute=True):
        withdraw(battle.id, battle.voter, vote=False)
    assert files.keys("clips") == []
    assert Clip.objects.get().lyrics == ""
