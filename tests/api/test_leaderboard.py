"""GET /api/v1/arenas/{slug}/leaderboard."""

import json
from typing import Any

import pytest
from django.test import Client

from arena.arenas.models import Arena
from arena.rankings.models import Rating, Snapshot
from arena.rankings.services import refresh_board
from arena.systems.models import SystemVersion
from arena.votes.outcome import Outcome
from arena.votes.services import cast_vote
from tests.api.callers import slug_of
from tests.ballots import make_battle, make_versions

PATH = "/api/v1/arenas/text/leaderboard"


@pytest.fixture
def board(arena: Arena) -> Snapshot:
    """A board of votes that went both ways."""
    left, right = SystemVersion.objects.order_by("id")[:2]
    for outcome in (Outcome.LEFT, Outcome.LEFT, Outcome.RIGHT, Outcome.TIE):
        battle = make_battle(arena, left, right)
        cast_vote(battle.id, battle.voter, outcome)
    snapshot = refresh_board(arena.id)
    assert snapshot is not None
    return snapshot


def test_the_board_tells_its_ratings_at_full_precision_and_its_method(board: Snapshot) -> None:
    response = Client().get(PATH)

    assert response.status_code == 200
    document = response.json()
    assert (document["arena"], document["snapshot"], document["status"]) == ("text", board.pk, "ok")
    assert document["method"]
    assert document["counted"] == 4
    stored = {rating.version.system.name: rating for rating in Rating.objects.filter(snapshot=board)}
    assert len(document["ratings"]) == 2
    for row in document["ratings"]:
        for name in ("rating", "lower", "upper", "rank_low", "rank_high", "votes", "status"):
            assert row[name] == getattr(stored[row["system"]], name)


def test_the_keys_of_the_contract_are_there(board: Snapshot) -> None:
    document = Client().get(PATH).json()

    assert {"arena", "method", "ratings"} <= set(document)
    assert {"system", "rating", "lower", "upper", "rank_low", "rank_high", "votes", "status"} <= set(
        document["ratings"][0]
    )


def test_before_the_first_vote_the_systems_stand_there_without_numbers(arena: Arena) -> None:
    document = Client().get(PATH).json()

    assert document["snapshot"] is None
    assert [row["rating"] for row in document["ratings"]] == [None, None]
    assert {row["system"] for row in document["ratings"]} == {"CanaryLeft", "CanaryRight"}


def test_who_knows_the_board_is_told_that_it_is_the_same(board: Snapshot) -> None:
    first = Client().get(PATH)

    again = Client().get(PATH, headers={"If-None-Match": first["ETag"]})

    assert again.status_code == 304
    assert again.content == b""
    assert again["ETag"] == first["ETag"]


def test_a_board_that_changed_has_another_tag(arena: Arena, board: Snapshot) -> None:
    before = Client().get(PATH)["ETag"]
    make_versions(arena, ["Newcomer"])
    left, right = SystemVersion.objects.order_by("id")[:2]
    battle = make_battle(arena, left, right)
    cast_vote(battle.id, battle.voter, Outcome.RIGHT)
    refresh_board(arena.id)

    after = Client().get(PATH, headers={"If-None-Match": before})

    assert after.status_code == 200
    assert after["ETag"] != before


def test_a_system_that_retires_changes_the_tag_too(board: Snapshot) -> None:
    before = Client().get(PATH)["ETag"]
    version = SystemVersion.objects.earliest("id")
    version.retired_at = version.created_at
    version.save(update_fields=["retired_at"])

    assert Client().get(PATH)["ETag"] != before


def test_the_tag_does_not_depend_on_the_language(board: Snapshot) -> None:
    tags = {Client().get(PATH, headers={"Accept-Language": language})["ETag"] for language in ("en", "fr")}

    assert len(tags) == 1


def test_an_unknown_arena_is_not_found(arena: Arena) -> None:
    response = Client().get("/api/v1/arenas/nowhere/leaderboard")

    assert response.status_code == 404
    assert slug_of(response) == "arena-not-found"


def test_no_number_is_not_a_number(board: Snapshot) -> None:
    def refuse(constant: str) -> Any:
        raise AssertionError(constant)

    json.loads(Client().get(PATH).content, parse_constant=refuse)


def test_reading_a_board_costs_a_known_number_of_queries(board: Snapshot, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(3):
        Client().get(PATH)
