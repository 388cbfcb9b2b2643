"""Public answers are made once a second, and what belongs to one visitor is never kept."""

from typing import Any

import pytest
from django.test import Client

from arena.arenas.models import Arena
from arena.common import tracing
from arena.systems.models import System
from tests.ballots import make_arena, make_versions

pytestmark = pytest.mark.django_db
BOARD = "/api/v1/arenas/text/leaderboard"


@pytest.fixture
def arena(settings: Any) -> Arena:
    settings.ARENA_PUBLIC_KEPT_S = 60
    arena = make_arena()
    make_versions(arena, ["Ada", "Bo"])
    return arena


@pytest.fixture
def visitor() -> Client:
    return Client()


def test_a_board_that_many_ask_for_costs_no_query(
    visitor: Client, arena: Arena, django_assert_num_queries: Any
) -> None:
    first = visitor.get(BOARD)
    with django_assert_num_queries(0):
        again = visitor.get(BOARD)
        same = visitor.get(BOARD, headers={"If-None-Match": first["ETag"]})
        other = visitor.get(BOARD, headers={"If-None-Match": '"another"'})
    assert (again.status_code, again.content) == (200, first.content) == (other.status_code, other.content)
    assert (same.status_code, same.content, same["ETag"]) == (304, b"", first["ETag"])
    unlike = {tracing.HEADER.lower()}
    assert {name: again[name] for name in again.headers if name.lower() not in unlike} == {
        name: first[name] for name in first.headers if name.lower() not in unlike
    }


def test_a_client_that_names_a_tag_first_lets_the_next_one_profit(
    visitor: Client, arena: Arena, django_assert_num_queries: Any
) -> None:
    assert visitor.get(BOARD, headers={"If-None-Match": '"old"'}).status_code == 200
    with django_assert_num_queries(0):
        assert visitor.get(BOARD).status_code == 200


def test_a_kept_answer_ends_with_its_time(visitor: Client, arena: Arena, settings: Any) -> None:
    settings.ARENA_PUBLIC_KEPT_S = 0.0001
    first = visitor.get(BOARD)
    System.objects.filter(name="Ada").update(name="Eve")
    assert visitor.get(BOARD).content != first.content


def test_what_belongs_to_one_visitor_is_not_kept(visitor: Client, arena: Arena) -> None:
    one, two = (visitor.get("/api/v1/session"), Client().get("/api/v1/session"))
    assert one.json()["csrf_token"] != two.json()["csrf_token"]


def test_another_query_or_language_is_another_answer(visitor: Client, arena: Arena) -> None:
    assert visitor.get(BOARD, headers={"Accept-Language": "fr"})["Content-Language"] == "fr"
    assert visitor.get(BOARD)["Content-Language"] == "en"
    assert visitor.get(f"{BOARD}?x=1").status_code == 200


def test_a_host_that_the_site_refuses_gets_nothing_kept(visitor: Client, arena: Arena) -> None:
    assert visitor.get(BOARD).status_code == 200
    assert visitor.get(BOARD, headers={"Host": "evil.example"}).status_code == 400


def test_a_refusal_is_not_kept(visitor: Client, arena: Arena) -> None:
    assert visitor.get("/api/v1/arenas/late/leaderboard").status_code == 404
    Arena.objects.filter(pk=arena.pk).update(slug="late")
    assert visitor.get("/api/v1/arenas/late/leaderboard").status_code == 200
