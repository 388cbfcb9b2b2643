"""Whoever works here sees no more of an open battle than its voter does, unless they say so and the audit knows."""

from collections.abc import Callable

import pytest
from django.test import Client

from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.common.models import AuditEntry
from arena.systems.models import SystemVersion
from tests.ballots import make_battle, named
from tests.operators.conftest import BATTLES, listed, text_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("page", ["", "{id}/change/"])
@pytest.mark.parametrize("state", ["ready", "failed", "generating"])
def test_a_battle_without_a_vote_is_blind(
    operator: Client, arena: Arena, versions: list[SystemVersion], page: str, state: str
) -> None:
    battle = make_battle(arena, *versions, state=state)
    text = text_of(operator, BATTLES + page.format(id=battle.id))
    assert str(battle.id) in text
    assert not named(text, "Ada", "Bert")


def test_a_battle_is_called_by_its_id_and_state(operator: Client, battle: Battle) -> None:
    title = f"battle {str(battle.id)[:8]} (ready)"
    assert title in text_of(operator, f"{BATTLES}{battle.id}/change/")
    operator.post(f"{BATTLES}{battle.id}/reveal/")
    assert AuditEntry.objects.get(action="battle.reveal").target_name == title


def test_reveal_shows_the_systems_once_and_the_audit_knows(operator: Client, battle: Battle) -> None:
    page = operator.post(f"{BATTLES}{battle.id}/reveal/").content.decode()
    assert "Ada" in page
    assert "Bert" in page
    assert AuditEntry.objects.get(action="battle.reveal").target_id == str(battle.id)
    assert not named(text_of(operator, f"{BATTLES}{battle.id}/change/"), "Ada", "Bert")


def test_reveal_needs_its_own_permission_and_a_post(looking: Callable[..., Client], battle: Battle) -> None:
    client = looking("view_battle")
    assert "Reveal the systems" not in text_of(client, f"{BATTLES}{battle.id}/change/")
    assert client.post(f"{BATTLES}{battle.id}/reveal/").status_code == 403
    assert client.get(f"{BATTLES}{battle.id}/reveal/").status_code == 405


def test_after_the_vote_the_systems_are_shown(operator: Client, arena: Arena, versions: list[SystemVersion]) -> None:
    battle = make_battle(arena, *versions, state="voted")
    assert "left: Ada v1; right: Bert v1" in text_of(operator, f"{BATTLES}{battle.id}/change/")


def test_a_pairing_is_blind_too(operator: Client, battle: Battle) -> None:
    pairing = battle.pairing
    for path in (listed(type(pairing)), f"{listed(type(pairing))}{pairing.pk}/change/"):
        assert not named(text_of(operator, path), "Ada", "Bert", str(pairing.seed))
