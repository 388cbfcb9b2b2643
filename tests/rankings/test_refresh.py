"""From votes to the leaderboard that is shown."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models.functions import Now

from arena.arenas.models import Arena
from arena.common.models import OutboxMessage
from arena.rankings.filters import filter_of
from arena.rankings.models import BoardState, Rating, Snapshot
from arena.rankings.selectors import leaderboard
from arena.rankings.services import due_arenas, recount, refresh_arena, refresh_board
from arena.systems.models import System, SystemVersion
from arena.votes.outcome import Outcome
from tests.ballots import make_arena, make_version, make_versions
from tests.pasts import rewritten
from tests.rankings.voting import CODE, retire, reveal, three_to_one, vote, vote_rows

Scene = tuple[Arena, list[SystemVersion]]


@pytest.fixture
def scene(db: None) -> Scene:
    return three_to_one()


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


@pytest.mark.django_db(transaction=True)
def test_parallel_refreshes_store_one_board_of_all_votes() -> None:
    arena = make_arena()
    versions = make_versions(arena, ["Ada", "Bell"])
    ada, bell = versions
    vote_rows(arena, [(ada, bell, outcome) for outcome in (Outcome.LEFT, Outcome.RIGHT, Outcome.TIE)])
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
    pairs = zip(versions, [*versions[1:], versions[0]], strict=True)
    vote_rows(arena, [(left, right, Outcome.TIE) for left, right in pairs])
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


def test_a_language_and_a_category_have_boards_of_their_own(scene: Scene) -> None:
    arena, (ada, bell) = scene
    vote_rows(arena, [(ada, bell, outcome) for outcome in (Outcome.LEFT, Outcome.RIGHT, Outcome.RIGHT)], prompt=CODE)
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


def test_few_votes_are_said_and_no_row_is_hidden(scene: Scene) -> None:
    arena, (ada, _bell) = scene
    refresh_board(arena.id)
    for votes, listing in ((29, "too_few_votes"), (30, "preliminary"), (299, "preliminary"), (300, "listed")):
        with rewritten():
            Rating.objects.update(votes=votes)
        told = (listing, "ok", votes < 300)
        assert [(row.listing, row.status, row.new) for row in leaderboard(arena).rows] == [told] * 2
        ranks = [(row.rank_low, row.rank_high) for row in leaderboard(arena).rows]
        assert ranks == ([(None, None)] * 2 if votes < 30 else [(1, 2)] * 2)
    arena.listed_from_votes, arena.settled_from_votes = 301, 1000
    assert {(row.listing, row.new) for row in leaderboard(arena).rows} == {("too_few_votes", True)}
    System.objects.filter(id=ada.system_id).update(created_at=Now() - timedelta(days=15))
    assert {row.system: row.new for row in leaderboard(arena).rows} == {"Ada": False, "Bell": True}
