"""From votes to the leaderboard that is shown."""

import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models.functions import Now

from arena.arenas.models import Arena
from arena.common.models import OutboxMessage
from arena.rankings.computing import NoBoardThen, VotesChanged, recompute, sha256_of, snapshot_at
from arena.rankings.filters import filter_of
from arena.rankings.models import BoardState, Rating, Snapshot, SnapshotIsImmutable
from arena.rankings.selectors import leaderboard
from arena.rankings.services import due_arenas, recount, refresh_arena, refresh_board, thin_out
from arena.systems.models import System, SystemVersion
from arena.votes.outcome import Outcome
from tests.ballots import make_arena, make_version, make_versions
from tests.rankings.test_folding import reveal, vote

Scene = tuple[Arena, list[SystemVersion]]


@pytest.fixture
def scene(db: None) -> Scene:
    """Ada beats Bell by three to one; both are rated."""
    arena = make_arena()
    versions = make_versions(arena, ["Ada", "Bell"])
    for outcome in (Outcome.LEFT, Outcome.LEFT, Outcome.LEFT, Outcome.RIGHT):
        vote(arena, *versions, outcome)
    return arena, versions


def test_a_vote_moves_the_board(scene: Scene) -> None:
    arena, (ada, bell) = scene
    first = refresh_board(arena.id)
    before = {row.system: row for row in leaderboard(arena).rows}
    assert first is not None
    assert before["Ada"].rating == pytest.approx(1000 + 200 * 0.47712125, abs=1e-6)

    vote(arena, bell, ada, Outcome.LEFT)
    second = refresh_board(arena.id)
    board = leaderboard(arena)
    assert second is not None
    assert board.snapshot_id == second.id > first.id
    assert board.etag != f"{arena.slug}-{first.id}"
    assert [row.system for row in board.rows] == ["Ada", "Bell"]
    assert board.rows[0].rating < before["Ada"].rating
    assert board.counted == 5


def test_nothing_new_means_no_new_snapshot_and_few_statements(
    scene: Scene, django_assert_max_num_queries: Any
) -> None:
    arena, _versions = scene
    refresh_board(arena.id)
    with django_assert_max_num_queries(8):
        assert refresh_board(arena.id) is None
    assert Snapshot.objects.count() == 1


def test_a_vote_that_is_left_out_shows_on_the_board(scene: Scene) -> None:
    arena, (ada, bell) = scene
    refresh_board(arena.id)
    reveal(vote(arena, ada, bell, Outcome.RIGHT), "left")
    refresh_board(arena.id)
    board = leaderboard(arena)
    assert (board.counted, board.excluded, board.simulated) == (4, {"identity_revealed": 1}, 0)
    assert [row.votes for row in board.rows] == [4, 4]


def test_a_repaired_tally_gives_a_new_board(scene: Scene) -> None:
    arena, (ada, bell) = scene
    late = vote(arena, bell, ada, Outcome.LEFT)
    refresh_board(arena.id)
    reveal(late, "right")
    recount(arena.id, apply=True)
    assert refresh_board(arena.id) is not None
    assert leaderboard(arena).counted == 4


def test_a_board_is_read_in_two_queries_at_full_precision(scene: Scene, django_assert_num_queries: Any) -> None:
    arena, _versions = scene
    snapshot = refresh_board(arena.id)
    with django_assert_num_queries(2):
        told = leaderboard(arena).as_dict()
    assert set(told) >= {"arena", "method", "ratings"}
    names = {"system", "rating", "lower", "upper", "rank_low", "rank_high", "votes", "status"}
    assert all(names <= set(row) for row in told["ratings"])
    best = Rating.objects.filter(snapshot=snapshot).order_by("-rating")[0]
    assert (told["ratings"][0]["rating"], told["ratings"][0]["lower"]) == (best.rating, best.lower)
    assert (told["arena"], told["status"], told["method"]["name"]) == ("text", "ok", "bradley-terry")


def test_before_the_first_refresh_the_systems_are_there_without_numbers(db: None) -> None:
    arena = make_arena()
    make_versions(arena, ["Bell", "Ada"])
    board = leaderboard(arena)
    assert (board.status, board.snapshot_id, board.etag) == ("empty", None, "text-all-0")
    assert [(row.system, row.rating, row.status) for row in board.rows] == [
        ("Ada", None, "unrated"),
        ("Bell", None, "unrated"),
    ]
    assert refresh_board(arena.id) is not None
    assert leaderboard(arena).status == "empty"
    assert leaderboard(arena).rows == board.rows


def test_a_separated_board_names_its_groups_and_hides_no_row(scene: Scene) -> None:
    arena, (ada, _bell) = scene
    make_version(arena, "Cray")
    vote(arena, make_version(arena, "Dijk"), ada, Outcome.LEFT)
    refresh_board(arena.id)
    board = leaderboard(arena)
    assert (board.status, board.groups) == ("separated", (("Dijk",), ("Ada", "Bell")))
    assert [(row.system, row.status) for row in board.rows] == [
        ("Ada", "ok"),
        ("Bell", "ok"),
        ("Cray", "unrated"),
        ("Dijk", "separated"),
    ]


def test_a_new_price_keeps_the_rating_and_a_new_behaviour_does_not(scene: Scene) -> None:
    arena, (ada, bell) = scene
    refresh_board(arena.id)
    before = {row.system: row.rating for row in leaderboard(arena).rows}

    retire(ada)
    dearer = make_version(arena, "Ada", number=2, behaviour=ada.behaviour)
    refresh_board(arena.id)
    rows = leaderboard(arena).rows
    assert {row.system: row.rating for row in rows} == before
    assert (rows[0].version, rows[0].retired) == (2, False)
    vote(arena, bell, dearer, Outcome.LEFT)
    refresh_board(arena.id)
    assert {row.system: row.votes for row in leaderboard(arena).rows} == {"Ada": 5, "Bell": 5}

    retire(dearer)
    make_version(arena, "Ada", number=3, behaviour="another model")
    refresh_board(arena.id)
    rows = leaderboard(arena).rows
    assert [(row.system, row.version, row.votes, row.status, row.retired) for row in rows] == [
        ("Ada", 2, 5, "ok", True),
        ("Bell", 1, 5, "ok", False),
        ("Ada", 3, 0, "unrated", False),
    ]


def test_a_retired_system_keeps_its_row_and_one_without_votes_goes(scene: Scene) -> None:
    arena, (_ada, bell) = scene
    retire(bell)
    retire(make_version(arena, "Cray"))
    refresh_board(arena.id)
    assert [(row.system, row.retired, row.status) for row in leaderboard(arena).rows] == [
        ("Ada", False, "ok"),
        ("Bell", True, "ok"),
    ]


def retire(version: SystemVersion) -> None:
    SystemVersion.objects.filter(id=version.id).update(retired_at=Now())


COPIED = ("arena_id", "last_vote_id", "method", "inputs", "status", "code_version")


def test_old_snapshots_are_thinned_out_and_the_newest_stays(scene: Scene) -> None:
    arena, _versions = scene
    refresh_board(arena.id)
    template = Snapshot.objects.get()
    base = template.created_at.replace(minute=30, second=10, microsecond=0) - timedelta(hours=1)
    ages = [timedelta(days=3, minutes=m, seconds=s) for m in (0, 10) for s in (0, 5)]  # one hour
    ages += [timedelta(hours=5, seconds=s) for s in (0, 5)] + [timedelta(hours=5, minutes=1)]  # two minutes
    for age in ages:
        copied = Snapshot.objects.create(**{name: getattr(template, name) for name in COPIED})
        Snapshot.objects.filter(pk=copied.pk).update(created_at=base - age)
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
        Snapshot.objects.update(created_at=oldest.created_at - timedelta(minutes=10))


@pytest.mark.django_db(transaction=True)
def test_parallel_refreshes_store_one_board_of_all_votes() -> None:
    arena = make_arena()
    versions = make_versions(arena, ["Ada", "Bell"])
    for outcome in (Outcome.LEFT, Outcome.RIGHT, Outcome.TIE):
        vote(arena, *versions, outcome)
    start = threading.Barrier(6)

    def refresh(_n: int) -> bool:
        start.wait(timeout=30)
        try:
            return refresh_board(arena.id) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(refresh, range(6))) == 1
    assert leaderboard(arena).counted == 3


def test_the_cost_of_a_refresh_does_not_grow_with_the_systems(db: None, django_assert_max_num_queries: Any) -> None:
    arena = make_arena()
    versions = make_versions(arena, [f"System {n}" for n in range(12)])
    for left, right in zip(versions, [*versions[1:], versions[0]], strict=True):
        vote(arena, left, right, Outcome.TIE)
    System.objects.filter(arena=arena).update(weight=2.0)
    with django_assert_max_num_queries(27):
        refresh_board(arena.id)
    assert [row.status for row in leaderboard(arena).rows] == ["ok"] * 12


def test_a_registered_system_is_on_the_board_before_its_first_vote(db: None, tmp_path: Path) -> None:
    file = tmp_path / "systems.yaml"
    (tmp_path / "answers.json").write_text('[{"prompt": "Why?", "output": "Because."}]')
    file.write_text(
        "arena: text\nsystems:\n"
        "  - {name: Ada, organisation: Ada Ltd, access: open, licence: MIT, backend: replay, path: answers.json}\n"
    )
    call_command("register_systems", str(file), "--apply", stdout=StringIO())
    message = OutboxMessage.objects.get()
    arena = Arena.objects.get()
    assert (message.task, message.args) == ("arena.refresh_board", [arena.id])
    refresh_board(arena.id)
    assert [row.system for row in leaderboard(arena).rows] == ["Ada"]


def test_a_stored_board_is_never_edited(scene: Scene) -> None:
    arena, _versions = scene
    snapshot = refresh_board(arena.id)
    assert snapshot is not None
    snapshot.status = "empty"
    with pytest.raises(SnapshotIsImmutable):
        snapshot.save()


def test_a_language_and_a_category_have_boards_of_their_own(scene: Scene) -> None:
    arena, (ada, bell) = scene
    for outcome in (Outcome.LEFT, Outcome.RIGHT, Outcome.RIGHT):
        vote(arena, ada, bell, outcome, prompt="How do I sort a list in Python by its second field?")
    refresh_arena(arena.id)
    coding = filter_of(None, ["coding"])
    found = Snapshot.objects.get(board="category:coding")
    assert (found.inputs["counted"], found.inputs["rules"]) == (3, 1)
    assert [row.system for row in leaderboard(arena, coding).rows] == ["Bell", "Ada"]
    assert [row.system for row in leaderboard(arena).rows] == ["Ada", "Bell"]


def test_the_board_of_a_category_follows_at_a_distance_and_only_when_it_changed(scene: Scene) -> None:
    arena, (ada, bell) = scene
    refresh_arena(arena.id)
    assert due_arenas() == []
    stored = Snapshot.objects.filter(board="language:en").count()
    vote(arena, ada, bell, Outcome.LEFT)
    refresh_arena(arena.id)
    assert Snapshot.objects.filter(board="language:en").count() == stored
    assert due_arenas() == []
    BoardState.objects.update(fitted_at=Now() - timedelta(seconds=11))
    assert due_arenas() == [arena.id]
    refresh_arena(arena.id)
    assert Snapshot.objects.filter(board="language:en").count() == stored + 1
    BoardState.objects.update(fitted_at=Now() - timedelta(seconds=11))
    assert due_arenas() == []


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
    for n, outcome in enumerate((Outcome.LEFT, Outcome.RIGHT, Outcome.TIE, Outcome.BOTH_BAD) * 3):
        vote(arena, versions[n % 3], versions[(n + 1) % 3], outcome)
    snapshot = refresh_board(arena.id)
    assert snapshot is not None
    snapshot.refresh_from_db()
    vote(arena, versions[0], versions[1], Outcome.LEFT)
    refresh_board(arena.id)

    command = ["rank", "--arena", "text", "--json", "--as-of", snapshot.created_at.isoformat()]
    environment = os.environ | {"DATABASE_URL": database_url(), "ARENA_SECRET_KEY": "x" * 50, "ARENA_DEBUG": "1"}
    process = [sys.executable, "manage.py", *command]
    printed = subprocess.run(process, env=environment, capture_output=True, timeout=60, check=True).stdout
    call_command(*command)
    assert capsys.readouterr().out.encode() == printed
    assert sha256_of(json.loads(printed)) == snapshot.document_sha256


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


def test_few_votes_are_said_and_no_row_is_hidden(scene: Scene) -> None:
    arena, (ada, _bell) = scene
    refresh_board(arena.id)
    for votes, listing in ((29, "too_few_votes"), (30, "preliminary"), (299, "preliminary"), (300, "listed")):
        Rating.objects.update(votes=votes)
        assert [(row.listing, row.status, row.new) for row in leaderboard(arena).rows] == [(listing, "ok", True)] * 2
    System.objects.filter(id=ada.system_id).update(created_at=Now() - timedelta(days=15))
    assert {row.system: row.new for row in leaderboard(arena).rows} == {"Ada": False, "Bell": True}
