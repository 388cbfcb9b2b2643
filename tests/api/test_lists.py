"""GET /api/v1/arenas, /systems, /releases: what everybody may read."""

from typing import Any

import pytest
from django.test import Client

from arena.arenas.models import Arena
from arena.systems.models import SystemVersion
from tests.ballots import make_arena, make_version


def test_the_open_arenas_are_listed_with_the_number_of_their_systems(arena: Arena) -> None:
    closed = make_arena("closed")
    closed.is_open = False
    closed.save()

    assert Client().get("/api/v1/arenas").json() == {
        "arenas": [
            {"slug": "text", "name": "Text", "description": "", "modality": "text", "is_demo": False, "systems": 2}
        ]
    }


def test_every_system_is_listed_with_all_its_versions_also_when_it_retired(arena: Arena) -> None:
    old = SystemVersion.objects.earliest("id")
    old.retired_at = old.created_at
    old.save(update_fields=["retired_at"])
    make_version(arena, "CanaryLeft", number=2)

    systems = Client().get("/api/v1/systems").json()["systems"]

    assert [(row["name"], [version["number"] for version in row["versions"]]) for row in systems] == [
        ("CanaryLeft", [2, 1]),
        ("CanaryRight", [1]),
    ]
    assert systems[0]["versions"][1]["retired_at"] is not None


def test_how_a_system_is_called_stays_inside(arena: Arena) -> None:
    SystemVersion.objects.update(
        endpoint={"base_url": "http://inside", "api_key_env": "KEY"}, parameters={"a": "inside"}
    )

    body = Client().get("/api/v1/systems").content

    assert b"inside" not in body
    assert b"api_key_env" not in body


def test_there_are_no_releases_yet_and_the_list_says_so(db: None) -> None:
    assert Client().get("/api/v1/releases").json() == {"releases": []}


@pytest.mark.parametrize("path", ["arenas", "systems", "releases"])
def test_public_lists_may_be_kept_for_a_minute_and_set_no_cookie(arena: Arena, path: str) -> None:
    response = Client().get(f"/api/v1/{path}")

    assert response["Cache-Control"] == "public, max-age=60"
    assert not response.cookies


def test_the_lists_cost_the_same_queries_however_long_they_are(arena: Arena, django_assert_num_queries: Any) -> None:
    for n in range(5):
        make_version(make_arena(f"arena-{n}"), f"System {n}")

    with django_assert_num_queries(2):
        Client().get("/api/v1/arenas")
    with django_assert_num_queries(1):
        Client().get("/api/v1/systems")
