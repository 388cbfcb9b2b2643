"""The admin shows battles without their systems, and changes nothing that must stay."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from arena.arenas.models import Arena
from arena.battles.models import Battle, Report
from arena.systems.models import SystemVersion
from tests.ballots import make_battle

BATTLES = "/admin/battles/battle/"


@pytest.fixture
def operator(db: None) -> Client:
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("operator", password="x"))
    return client


@pytest.fixture
def battle(arena: Arena) -> Battle:
    left, right = SystemVersion.objects.order_by("id")[:2]
    return make_battle(arena, left, right)


def test_the_admin_is_closed_to_visitors(client: Client, battle: Battle) -> None:
    assert client.get(BATTLES)["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("page", ["", "{id}/change/"])
def test_a_battle_is_blind_in_the_admin(operator: Client, battle: Battle, page: str) -> None:
    response = operator.get(BATTLES + page.format(id=battle.id))
    assert response.status_code == 200
    text = response.content.decode()
    assert str(battle.id) in text
    for hidden in ("Ada", "Bert", "Answer 1", "pairing"):
        assert hidden not in text


def test_a_battle_cannot_be_edited_or_deleted(operator: Client, battle: Battle) -> None:
    assert operator.post(f"{BATTLES}{battle.id}/change/", {"state": "voted"}).status_code == 403
    assert operator.post(f"{BATTLES}{battle.id}/delete/", {"post": "yes"}).status_code == 403


def test_reports_are_listed(operator: Client, battle: Battle) -> None:
    Report.objects.create(battle=battle, turn_n=1, side="left", reason="harmful", text="Look at this")
    assert "Look at this" in operator.get("/admin/battles/report/").content.decode()


def test_an_arena_can_be_closed_but_not_deleted(operator: Client, arena: Arena) -> None:
    form = {"name": "Text", "description": "", "suggestions": ""}
    assert operator.post(f"/admin/arenas/arena/{arena.id}/change/", form).status_code == 302
    arena.refresh_from_db()
    assert arena.is_open is False
    assert operator.post(f"/admin/arenas/arena/{arena.id}/delete/", {"post": "yes"}).status_code == 403


def test_the_list_of_battles_does_not_count_them_all(
    operator: Client, battle: Battle, django_assert_max_num_queries
) -> None:
    with django_assert_max_num_queries(8):
        operator.get(BATTLES)
