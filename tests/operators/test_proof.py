"""What cannot be undone, and whatever gives rights, wants a fresh proof of who asks; the rest does not."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.common.models import AuditEntry
from arena.systems.models import SystemVersion
from tests.operators.conftest import code_of, device_of, everything, forget_proof
from tests.operators.writes import SCENARIOS, Scene, edit_arena

pytestmark = pytest.mark.django_db
ASKS = "Code of your authenticator app"


@pytest.fixture
def scene(olga: User, arena: Arena, versions: list[SystemVersion], battle: Battle) -> Scene:
    return Scene(olga, arena, versions, battle)


@pytest.mark.parametrize(
    "name",
    ["arenas.arena:change", "auth.group:change", "auth.user:add", "auth.user:change", "auth_user_password_change"],
)
def test_a_form_that_does_harm_is_saved_after_a_fresh_proof_alone(name: str, scene: Scene, operator: Client) -> None:
    post = SCENARIOS[name](scene)
    forget_proof(operator)
    before, audited = everything(), AuditEntry.objects.count()
    assert ASKS in operator.post(post.path, post.data).content.decode()
    assert everything() == before
    assert ASKS in operator.post(post.path, {**post.data, "confirmed": "1", "proof": "000000"}).content.decode()
    assert ASKS in operator.post(post.path, post.data).content.decode()
    answer = operator.post(post.path, {"confirmed": "1", "proof": code_of(device_of(scene.olga))})
    assert (answer.status_code, answer["Location"]) == (302, post.path)
    assert AuditEntry.objects.count() == audited
    assert operator.post(post.path, post.data).status_code == 302
    assert AuditEntry.objects.count() == audited + 1


@pytest.mark.parametrize("name", ["common.outboxmessage:drop", "otp_totp.totpdevice:reset"])
def test_an_action_that_cannot_be_undone_wants_a_fresh_proof(name: str, scene: Scene, operator: Client) -> None:
    post = SCENARIOS[name](scene)
    forget_proof(operator)
    before, audited = everything(), AuditEntry.objects.count()
    assert ASKS in operator.post(post.path, post.data).content.decode()
    assert everything() == before
    operator.post(post.path, {**post.data, "proof": "000000"})
    assert AuditEntry.objects.count() == audited
    operator.post(post.path, {**post.data, "proof": code_of(device_of(scene.olga))})
    assert AuditEntry.objects.count() == audited + 1


def test_new_words_for_an_open_arena_want_no_proof(scene: Scene, operator: Client) -> None:
    post = edit_arena(scene)
    forget_proof(operator)
    assert operator.post(post.path, {**post.data, "is_open": "on"}).status_code == 302
    scene.arena.refresh_from_db()
    assert (scene.arena.description, scene.arena.is_open) == ("New words", True)
