"""A release tells what was heard before a vote, by the gate's own account, and no finer than it says."""

import json

import pyarrow as pa
import pytest

from arena.battles.models import Battle, Response
from arena.votes.listening import Report, ReportKind, ledger_of
from arena.votes.outcome import Outcome
from arena.votes.services import cast_vote, record_listening
from arena.votes.withdrawals import withdraw_battle
from data_releases import publish, revisions, schema, shards
from data_releases.heard import listening_table
from tests.clips import make_music_arena, make_music_battle
from tests.data_releases.conftest import rows
from tests.data_releases.world import FIRST, hear, make_world

LENGTHS_S = {"left": 30.04, "right": 8.0}


def raw(ledger, **changes):
    """The row that keeps a ledger, as it is read for a release."""
    row = {"battle": "b"}
    for side, track in ledger.tracks.items():
        row[f"{side}_duration_s"] = ledger.duration_s[side]
        row[f"{side}_heard_s"] = track.heard_s
        row[f"{side}_intervals"] = json.dumps(track.intervals)
    return pa.Table.from_pylist([row | changes])


def heard(side, seconds, begin_s=0.0):
    """Reports of a player that plays a clip for a while."""
    ticks = [Report("a", side, ReportKind.TICK, n, n, False, begin_s + n) for n in range(1, seconds + 1)]
    return [Report("a", side, ReportKind.PLAY, 0, 0, False, begin_s), *ticks]


def table_of(row, vote="v"):
    return listening_table(row, pa.array([vote], pa.string())).to_pylist()


@pytest.mark.parametrize("seconds", [3, 7, 16, 29])
def test_the_numbers_are_those_of_the_gate(seconds):
    ledger = ledger_of([*heard("left", seconds), *heard("right", 7, begin_s=100.5)], LENGTHS_S)
    left, right = table_of(raw(ledger))
    assert left == {
        "vote_id": "v",
        "side": "left",
        "duration_s": 30.0,
        "heard_s": seconds,
        "coverage": round(ledger.coverage("left"), 1),
    }
    assert (right["heard_s"], right["coverage"]) == (7, 0.9)


def test_seconds_are_whole_and_at_most_six_hundred_and_shares_are_tenths():
    ledger = ledger_of(heard("left", 12), LENGTHS_S)
    left, _right = table_of(raw(ledger, left_heard_s=12.999, left_intervals="[[0, 10456]]"))
    assert (left["heard_s"], left["coverage"]) == (12, 0.3)
    left, _right = table_of(raw(ledger, left_heard_s=3600.0, left_intervals="[[0, 30040]]"))
    assert (left["heard_s"], left["coverage"]) == (600, 1.0)


def test_parts_that_are_none_leave_the_share_open():
    left, right = table_of(raw(ledger_of(heard("left", 5), LENGTHS_S), left_intervals='{"note": "anna@example.org"}'))
    assert (left["heard_s"], left["coverage"], right["coverage"]) == (5, None, 0.0)


def test_what_was_heard_without_a_vote_is_not_told():
    assert table_of(raw(ledger_of(heard("left", 5), LENGTHS_S)), vote=None) == []


@pytest.mark.django_db
def test_what_opened_the_gate_of_a_vote_on_music_is_in_its_release(folder, files, built):
    arena = make_music_arena()
    battle = make_music_battle(arena)
    record_listening(battle.id, battle.voter, [*heard("left", 9), *heard("right", 5, begin_s=100)])
    unheard = make_music_battle(arena)
    record_listening(unheard.id, unheard.voter, heard("left", 4))
    assert cast_vote(battle.id, battle.voter, Outcome.LEFT).created
    Battle.objects.filter(pk=unheard.pk).update(state="expired")
    Battle.objects.update(created_at=FIRST)
    release = built(arena)
    (vote,) = rows(folder, release, "votes")
    assert rows(folder, release, "listening") == [
        {"vote_id": vote["vote_id"], "side": "left", "duration_s": 30.0, "heard_s": 9, "coverage": 0.3},
        {"vote_id": vote["vote_id"], "side": "right", "duration_s": 30.0, "heard_s": 5, "coverage": 0.2},
    ]
    assert (release.manifest["modality"], release.manifest["counts"]["rows"]["battles"]) == ("music", 2)
    assert publish.verified(files, release).problems == []


@pytest.mark.django_db
def test_a_release_has_two_rows_for_each_vote_on_what_was_heard(folder, files, built, monkeypatch):
    arena = make_world(12)
    for battle in Battle.objects.order_by("created_at")[:9]:
        hear(battle)
    monkeypatch.setattr(shards, "BATTLES", 5)
    release = built(arena)
    found = rows(folder, release, "listening")
    votes = {row["vote_id"] for row in rows(folder, release, "votes")}
    assert len({row["vote_id"] for row in found} & votes) == 9
    assert sorted({(row["side"], row["duration_s"], row["heard_s"], row["coverage"]) for row in found}) == [
        ("left", 30.0, 12, 0.4),
        ("right", 30.0, 6, 0.2),
    ]
    assert len(found) == 18
    assert publish.verified(files, release).problems == []


@pytest.mark.django_db
def test_a_withdrawn_vote_takes_what_was_heard_along_and_a_withdrawn_text_does_not(folder, files, published):
    arena = make_world(6)
    for battle in Battle.objects.all():
        hear(battle)
    first, second = Battle.objects.order_by("created_at")[:2]
    october = published(arena)
    withdraw_battle(first.id, vote=False)
    withdraw_battle(second.id, vote=True)
    (revision,) = revisions.revise_all(files, october.arena)
    assert publish.verified(files, revision).problems == []
    assert len({row["vote_id"] for row in rows(folder, revision, "listening")}) == 5
    assert {row["vote_id"] for row in rows(folder, revision, "listening")} == {
        row["vote_id"] for row in rows(folder, revision, "votes")
    }
    gone = [row for row in rows(folder, revision, "tombstones") if row["file"] == schema.LISTENING.file]
    assert [row["key"].rpartition("/")[2] for row in gone] == ["left", "right"]
    assert len({row["key"].rpartition("/")[0] for row in gone}) == 1
    # Nothing of it was a text: the responses of both are as they were.
    assert len(rows(folder, revision, "responses")) == Response.objects.count() - 2
