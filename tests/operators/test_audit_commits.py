"""The same as in `test_audit`, where every statement outside of a transaction stays."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.systems.models import SystemVersion
from tests.operators.writes import SCENARIOS, Scene, assert_written_only_with_its_audit


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["common.outboxmessage:drop", "systems.system:change", "auth_user_password_change"])
def test_where_the_audit_cannot_be_written_nothing_is_committed(
    name: str,
    olga: User,
    arena: Arena,
    versions: list[SystemVersion],
    battle: Battle,
    operator: Client,
    valkey: object,
) -> None:
    assert_written_only_with_its_audit(operator, SCENARIOS[name](Scene(olga, arena, versions, battle)))
