"""What a socket is sent when it opens: no text twice, none left out."""

import json
import uuid
from datetime import UTC, datetime

import pytest

from arena.battles.selectors import BlindBattle, BlindTurn
from arena.common.live import Event
from arena.media.progress import Progress
from arena.web import replay


def _battle(*turns, state="generating"):
    return BlindBattle(uuid.UUID(int=1), "text", state, "", datetime(2026, 11, 22, tzinfo=UTC), {}, turns)


def _event(number, kind, **fields):
    return Event(f"{number}-0", json.dumps({"type": kind, **fields}))


STREAM = [
    _event(1, "snapshot", turn=1, left="", right=""),
    _event(2, "state", state="generating", reason=""),
    _event(3, "frame", turn=1, left="ab", right="cd"),
    _event(4, "frame", turn=1, left="e", right="f"),
]


def _bodies(opening):
    return [json.loads(message) for message in opening.messages]


def test_a_client_that_knows_an_event_gets_what_came_after_it():
    opening = replay.opening(_battle(BlindTurn(1, "hi", "", "")), STREAM, "3-0")
    frame, state = _bodies(opening)
    assert frame == {"id": "4-0", "type": "frame", "turn": 1, "left": "e", "right": "f"}
    assert state["type"] == "state"
    assert opening.cursor == "4-0"


def test_a_new_client_gets_the_turn_from_its_start_as_one_frame():
    frame, state = _bodies(replay.opening(_battle(BlindTurn(1, "hi", "", "")), STREAM, None))
    assert frame == {"id": "4-0", "type": "frame", "turn": 1, "left": "abe", "right": "cdf"}
    assert (state["type"], state["state"]) == ("state", "generating")


def test_a_client_with_an_unknown_event_gets_a_snapshot_that_replaces_its_text():
    first, _state = _bodies(replay.opening(_battle(BlindTurn(1, "hi", "", "")), STREAM, "77-0"))
    assert (first["type"], first["left"]) == ("snapshot", "abe")


def test_without_a_stream_the_stored_text_is_sent():
    stored = _battle(BlindTurn(1, "hi", "left text", "right text"), state="ready")
    first, state = _bodies(replay.opening(stored, [], None))
    assert (first["type"], first["left"], first["right"]) == ("snapshot", "left text", "right text")
    assert state["state"] == "ready"


def test_an_earlier_turn_that_the_stream_no_longer_holds_comes_from_the_store():
    stored = _battle(BlindTurn(1, "hi", "old left", "old right"), BlindTurn(2, "more", "", ""))
    stream = [_event(9, "snapshot", turn=2, left="x", right="y")]
    first, second, _state = _bodies(replay.opening(stored, stream, None))
    assert (first["turn"], first["left"]) == (1, "old left")
    assert (second["turn"], second["left"]) == (2, "x")


def test_a_battle_that_has_not_begun_has_a_state_only():
    (state,) = _bodies(replay.opening(_battle(BlindTurn(1, "hi", "", ""), state="queued"), [], None))
    assert state == {"id": "0", "type": "state", "state": "queued", "reason": None}


PROGRESS = [
    _event(1, "progress", phase="generating", expected_s=9.0),
    _event(2, "progress", phase="preparing", expected_s=3.0),
]


@pytest.mark.parametrize(("events", "after"), [(PROGRESS, None), (PROGRESS, "1-0"), (PROGRESS, "2-0"), ([], "0")])
def test_whoever_joins_is_told_last_how_far_the_clips_are_now(events, after):
    now = Progress("preparing", 1.5)
    *_earlier, state, told = _bodies(replay.opening(_battle(BlindTurn(1, "hi", "", "")), events, after, now))
    assert state["type"] == "state"
    assert told == {"id": state["id"], "type": "progress", "phase": "preparing", "expected_s": 1.5}


def test_what_was_expected_once_is_not_told_to_a_new_client():
    (state,) = _bodies(replay.opening(_battle(BlindTurn(1, "hi", "", ""), state="ready"), PROGRESS, None))
    assert state["type"] == "state"
