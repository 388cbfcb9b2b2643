"""What is public of releases."""

from datetime import date

import pytest
from django.test import Client

from data_releases import publish
from data_releases.models import ReleasePolicy
from data_releases.selectors import certified_board, certified_boards, next_release_on, public_release, public_releases
from tests.ballots import make_arena, make_versions
from tests.data_releases.publishing import reviewed, withdrawn
from tests.data_releases.world import add_battle

pytestmark = pytest.mark.django_db


@pytest.fixture
def october(draft, files):
    """Makes it public."""
    return lambda: publish.publish(files, reviewed(draft))


def released(release):
    """The rows of a release's own leaderboard, best first."""
    return sorted(release.leaderboard["ratings"], key=lambda row: -row["rating"])


def test_the_certified_board_is_that_of_the_newest_public_release(october, django_assert_num_queries):
    release = october()
    arena = release.arena
    with django_assert_num_queries(1):
        board = certified_board(arena)
    assert (board.release, board.counted, board.prior_votes, board.status) == ("2026-10", 20, 0, "ok")
    assert [row.contender for row in board.rows] == [row["contender"] for row in released(release)]
    assert board.leaderboard_sha256 == release.manifest["leaderboard_sha256"]
    assert certified_board(arena, "2026-10") == board
    assert certified_board(arena, "2026-09") is None
    assert certified_boards(arena) == [board]


def test_programs_read_the_certified_board_and_its_history(october):
    release = october()
    path = f"/api/v1/arenas/{release.arena.slug}/leaderboard/certified"
    response = Client().get(path)
    assert [row["contender"] for row in response.json()["rows"]] == [row["contender"] for row in released(release)]
    assert Client().get(path, headers={"If-None-Match": response["ETag"]}).status_code == 304
    assert Client().get(path, {"release": "2026-09"}).status_code == 404
    points = Client().get(f"{path}/history").json()["points"]
    assert {(point["release"], point["rating"]) for point in points} == {
        ("2026-10", row["rating"]) for row in release.leaderboard["ratings"]
    }
    for part in (".csv", "/history.csv"):
        assert len(Client().get(path + part).content.decode().splitlines()) == 1 + len(points)


def test_drafts_and_withdrawn_releases_are_not_public(october, draft, files):
    arena = draft.arena
    assert (public_releases(), public_release(arena, "2026-10"), certified_board(arena)) == ([], None, None)
    release = october()
    assert public_releases() == [release] == public_releases(arena)
    assert public_release(arena, "2026-10") == release
    withdrawn(files, release)
    assert (public_releases(), public_release(arena, "2026-10"), certified_board(arena)) == ([], None, None)


def test_the_next_release_is_the_end_of_the_embargo_of_the_next_month(draft):
    other = make_arena("other")
    assert next_release_on(other) == date(2026, 12, 31)
    # Looking at a page stores nothing.
    assert not ReleasePolicy.objects.filter(arena=other).exists()
    add_battle(other, *make_versions(other, ("Ada", "Bert")))
    assert next_release_on(other) == date(2026, 12, 1)
    # October is built.
    assert next_release_on(draft.arena) == date(2026, 12, 31)
