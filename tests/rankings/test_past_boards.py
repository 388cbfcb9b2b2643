"""Boards that were stored: never edited, thinned out, and computed again to the byte."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models.functions import Now

from arena.arenas.models import Arena
from arena.rankings.computing import NoBoardThen, VotesChanged, recompute, sha256_of, snapshot_at
from arena.rankings.models import Rating, Snapshot, SnapshotIsImmutable
from arena.rankings.past import others_may_have_followed
from arena.rankings.selectors import leaderboard
from arena.rankings.services import refresh_arena, refresh_board, thin_out
from arena.systems.models import SystemVersion
from arena.votes.models import Vote
from arena.votes.outcome import Outcome
from tests.ballots import make_arena, make_version, make_versions
from tests.pasts import rewritten
from tests.rankings.voting import retire, reveal, three_to_one, vote, vote_rows

Scene = tuple[Arena, list[SystemVersion]]

COPIED = ("arena_id", "last_vote_id", "method", "inputs", "status", "code_version")


@pytest.fixture
def scene(db: None) -> Scene:
    return three_to_one()


def test_old_snapshots_are_thinned_out_and_the_newest_stays(scene: Scene) -> None:
    arena, _versions = scene
    refresh_board(arena.id)
    template = Snapshot.objects.get()
    base = template.created_at.replace(minute=30, second=10, microsecond=0) - timedelta(hours=1)
    ages = [timedelta(days=3, minutes=m, seconds=s) for m in (0, 10) for s in (0, 5)]  # one hour
    ages += [timedelta(hours=5, seconds=s) for s in (0, 5)] + [timedelta(hours=5, minutes=1)]  # two minutes
    for age in ages:
        copied = Snapshot.objects.create(created_at=base - age, **{name: getattr(template, name) for name in COPIED})
        Rating.objects.create(snapshot=copied, version=_versions[0], votes=0, status="unrated")
    newest = Snapshot.objects.order_by("-id").first()
    assert thin_out(arena.id) == 3 + 1
    assert Snapshot.objects.count() == 1 + 1 + 2
    assert Snapshot.objects.order_by("-id").first() == newest
    assert Rating.objects.count() == 2 + 3


def test_the_first_refresh_of_another_minute_thins_out(scene: Scene) -> None:
    arena, (ada, bell) = scene
    for expected in (1, 2, 2):
        vote(arena, ada, bell, Outcome.TIE)
        refresh_board(arena.id)
        assert Snapshot.objects.count() == expected
        oldest = Snapshot.objects.earliest("id")
        with rewritten():
            Snapshot.objects.update(created_at=oldest.created_at - timedelta(minutes=10))


def test_a_stored_board_is_never_edited(scene: Scene) -> None:
    arena, _versions = scene
    snapshot = refresh_board(arena.id)
    assert snapshot is not None
    snapshot.status = "empty"
    with pytest.raises(SnapshotIsImmutable):
        snapshot.save()


def test_a_board_of_the_past_is_computed_again_from_its_votes_to_the_byte(scene: Scene) -> None:
    arena, (ada, bell) = scene
    make_version(arena, "Cray")
    refresh_arena(arena.id)
    then = Snapshot.objects.get(board="all")
    named = Snapshot.objects.get(board="language:en")
    vote(arena, bell, ada, Outcome.LEFT)
    retire(bell)
    make_version(arena, "Dijk")
    refresh_board(arena.id)
    for snapshot in (then, named):
        again = recompute(Snapshot.objects.get(pk=snapshot.pk))
        assert sha256_of(again.document(arena.slug)) == snapshot.document_sha256
    assert recompute(then).names == ["Ada", "Bell", "Cray"]


def test_a_fresh_process_prints_the_same_bytes(transactional_db: None, capsys: pytest.CaptureFixture[str]) -> None:
    arena = make_arena()
    versions = make_versions(arena, ["Ada", "Bell", "Cray"])
    outcomes = (Outcome.LEFT, Outcome.RIGHT, Outcome.TIE, Outcome.BOTH_BAD) * 3
    vote_rows(arena, [(versions[n % 3], versions[(n + 1) % 3], outcome) for n, outcome in enumerate(outcomes)])
    snapshot = refresh_board(arena.id)
    assert snapshot is not None
    snapshot.refresh_from_db()
    vote(arena, versions[0], versions[1], Outcome.LEFT)
    refresh_board(arena.id)

    command = ["rank", "--arena", "text", "--json", "--as-of", snapshot.created_at.isoformat()]
    environment = os.environ | {"DATABASE_URL": database_url(), "ARENA_SECRET_KEY": "x" * 50, "ARENA_DEBUG": "1"}
    # The checks import the whole site, which has no part in it.
    process = [sys.executable, "manage.py", *command, "--skip-checks"]
    printed = subprocess.run(process, env=environment, capture_output=True, timeout=60, check=True).stdout
    call_command(*command)
    assert capsys.readouterr().out.encode() == printed
    assert sha256_of(json.loads(printed)) == snapshot.document_sha256


def test_the_boards_of_full_hours_and_minutes_stay_and_one_in_between_is_counted_again(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    """The board of a date is that of its first moment: a full hour."""
    arena, (ada, bell) = scene
    (now,) = Vote.objects.values_list(Now(), flat=True)[:1]
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=5)
    with rewritten():
        Vote.objects.update(created_at=midnight - timedelta(minutes=55))
    for minute in (-50, -30, -10, 20, 40):
        at = midnight + timedelta(minutes=minute)
        cast = vote(arena, bell, ada, Outcome.LEFT)
        with rewritten():
            Vote.objects.filter(id=cast.pk).update(created_at=at)
        refresh_board(arena.id, simulated_at=at + timedelta(seconds=1))
    thin_out(arena.id)
    assert list(minutes_after(midnight, Snapshot.objects.filter(board="all").order_by("id"))) == [-10, 40]
    for minute, votes in ((0, 7), (15, 7), (30, 8), (45, 9)):
        moment = midnight + timedelta(minutes=minute)
        call_command("rank", "--arena", "text", "--json", "--as-of", moment.isoformat())
        printed = json.loads(capsys.readouterr().out)
        assert printed["ratings"][0]["votes"] == votes
        # Between kept ones, the votes cast until then are counted, and the output says so.
        counted = printed.get("as_of", {"votes": "those of the leaderboard"})["votes"]
        assert counted == ("those cast until the moment" if minute in {15, 30} else "those of the leaderboard")
    assert leaderboard(arena, as_of=midnight).rows[0].votes == 7


@pytest.mark.parametrize("filters", [(), ("--language", "en")])
def test_a_vote_that_the_board_of_then_had_not_seen_is_not_on_it(
    scene: Scene, capsys: pytest.CaptureFixture[str], filters: tuple[str, ...]
) -> None:
    """A busy arena: votes are cast between a board and the moment asked for."""
    arena, (ada, bell) = scene
    refresh_arena(arena.id)
    board = Snapshot.objects.get(board="language:en" if filters else "all")
    cast = vote(arena, bell, ada, Outcome.LEFT)
    asked = ("rank", "--arena", "text", "--as-of", cast.created_at.isoformat(), *filters)
    call_command(*asked, "--json")
    assert sha256_of(json.loads(capsys.readouterr().out)) == board.document_sha256
    call_command(*asked)
    assert "votes: those of the leaderboard" in capsys.readouterr().out


@pytest.mark.parametrize("wish", [(), ("--weights", "inverse-propensity")])
def test_the_counts_of_a_filtered_board_are_compared_whatever_is_computed(scene: Scene, wish: tuple[str, ...]) -> None:
    arena, (ada, bell) = scene
    early = vote(arena, bell, ada, Outcome.LEFT)
    refresh_arena(arena.id)
    cast = vote(arena, bell, ada, Outcome.LEFT)
    reveal(early, "left")
    with pytest.raises(CommandError, match="do not give the counts"):
        call_command("rank", "--arena", "text", "--language", "en", "--as-of", cast.created_at.isoformat(), *wish)


def test_a_board_is_the_one_of_then_unless_its_minute_lost_others(scene: Scene) -> None:
    arena, (ada, bell) = scene
    (now,) = Vote.objects.values_list(Now(), flat=True)[:1]
    minute = now.replace(second=0, microsecond=0) - timedelta(hours=1)
    boards = []
    for second in (-30, 10, 30):
        vote(arena, bell, ada, Outcome.LEFT)
        boards.append(refresh_board(arena.id, simulated_at=minute + timedelta(seconds=second)))
    first, second, _last = boards
    assert first is not None
    assert second is not None
    for after, board, followed in ((0, first, False), (5, first, True), (20, second, False)):
        moment = minute + timedelta(seconds=after)
        assert snapshot_at(arena.id, moment) == board
        assert others_may_have_followed(snapshot_at(arena.id, moment), moment) is followed
    thin_out(arena.id)
    moment = minute + timedelta(seconds=20)
    assert snapshot_at(arena.id, moment) == first
    assert others_may_have_followed(snapshot_at(arena.id, moment), moment)


def minutes_after(moment: datetime, boards: Iterable[Snapshot]) -> Iterator[int]:
    return (round((board.created_at - moment).total_seconds() / 60) for board in boards)


def database_url() -> str:
    """Of the test's own database, for another process."""
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}"))


def test_what_cannot_be_computed_again_is_said(scene: Scene) -> None:
    arena, (ada, bell) = scene
    late = vote(arena, bell, ada, Outcome.LEFT)
    refresh_board(arena.id)
    snapshot = Snapshot.objects.get()
    with pytest.raises(NoBoardThen):
        snapshot_at(arena.id, snapshot.created_at - timedelta(seconds=1))
    assert snapshot_at(arena.id, snapshot.created_at) == snapshot
    reveal(late, "left")
    with pytest.raises(VotesChanged, match="do not give the counts"):
        recompute(snapshot)
