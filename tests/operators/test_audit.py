"""Whatever an operator writes leaves a row in the audit, in the same transaction; the audit itself cannot be changed.

The walk below finds every action, form and page that the admin has; one without a scenario here fails the suite.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import Group, User
from django.db import DatabaseError, connection, transaction
from django.db.models.functions import Now
from django.test import Client, RequestFactory
from django.urls import URLPattern

from arena.accounts.models import ApiToken
from arena.accounts.services import create_token
from arena.arenas.models import Arena
from arena.battles.models import Battle, Report
from arena.common import audit
from arena.common.models import AuditEntry, OutboxMessage, PeriodicRun
from arena.systems.models import Health, System, SystemVersion
from data_releases.models import ReleasePolicy
from tests.operators.conftest import PASSWORD, code_of, device_of

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Post:
    """One write of an operator."""

    path: str
    data: dict[str, object]


@dataclass(frozen=True)
class Scene:
    """What the rows of the scenarios hang on."""

    olga: User
    arena: Arena
    versions: list[SystemVersion]
    battle: Battle


@pytest.fixture
def scene(olga: User, arena: Arena, versions: list[SystemVersion], battle: Battle) -> Scene:
    return Scene(olga, arena, versions, battle)


def action(model: str, name: str, pk: object, note: str = "because") -> Post:
    app, _dot, kind = model.partition(".")
    data = {"action": name, ACTION_CHECKBOX_NAME: [pk], "confirmed": "1", "note": note}
    return Post(f"/admin/{app}/{kind}/", data)


def pause(scene: Scene) -> Post:
    return action("systems.system", "pause", scene.versions[0].system_id)


def resume(scene: Scene) -> Post:
    System.objects.update(is_paused=True)
    return action("systems.system", "resume", scene.versions[0].system_id)


def close_breaker(scene: Scene) -> Post:
    Health.objects.create(version=scene.versions[0], state="open", openings=1)
    return action("systems.system", "close_breaker", scene.versions[0].system_id)


def revoke(_scene: Scene) -> Post:
    return action("accounts.apitoken", "revoke", create_token("study")[0].pk)


def resolve(scene: Scene) -> Post:
    report = Report.objects.create(battle=scene.battle, turn_n=1, side="left", reason="harmful")
    return action("battles.report", "resolve", report.pk)


def reopen(scene: Scene) -> Post:
    resolved = {"resolved_at": "2026-01-01T00:00Z", "resolution": "Nothing to do."}
    report = Report.objects.create(battle=scene.battle, turn_n=1, side="left", reason="harmful", **resolved)
    post = action("battles.report", "reopen", report.pk)
    return Post(f"{post.path}?state=all", post.data)


def retry(_scene: Scene) -> Post:
    return action("common.outboxmessage", "retry", OutboxMessage.objects.create(task="arena.sweep").pk)


def run_again(_scene: Scene) -> Post:
    run = PeriodicRun.objects.create(job="test", period_start=Now(), finished_at=Now(), error="GaveUp")
    return action("common.periodicrun", "again", run.pk)


def drop(_scene: Scene) -> Post:
    return action("common.outboxmessage", "drop", OutboxMessage.objects.create(task="arena.sweep").pk)


def reset(_scene: Scene) -> Post:
    return action("otp_totp.totpdevice", "reset", device_of(User.objects.create_user("lost")).pk)


def edit_system(scene: Scene) -> Post:
    return Post(f"/admin/systems/system/{scene.versions[0].system_id}/change/", {"daily_budget_usd": "2.50"})


def edit_arena(scene: Scene) -> Post:
    form = {"name": "Text", "description": "New words", "suggestions": "[]"}
    return Post(f"/admin/arenas/arena/{scene.arena.pk}/change/", form)


def add_arena(_scene: Scene) -> Post:
    form = {"slug": "poems", "name": "Poems", "modality": "text", "description": "", "suggestions": "[]"}
    return Post("/admin/arenas/arena/add/", form)


def add_token(_scene: Scene) -> Post:
    return Post("/admin/accounts/apitoken/add/", {"name": "study", "limits": "vote.token=5/60"})


def add_user(_scene: Scene) -> Post:
    form = {"username": "new", "usable_password": "true", "password1": "Xk29-lamp-post", "password2": "Xk29-lamp-post"}
    return Post("/admin/auth/user/add/", form)


def edit_user(_scene: Scene) -> Post:
    user = User.objects.create_user("vera")
    form = {"username": "vera", "is_active": "on", "is_staff": "on", "groups": [Group.objects.create(name="g").pk]}
    return Post(f"/admin/auth/user/{user.pk}/change/", form)


def set_password(_scene: Scene) -> Post:
    form = {"usable_password": "true", "password1": "Xk29-lamp-post", "password2": "Xk29-lamp-post"}
    return Post(f"/admin/auth/user/{User.objects.create_user('vera').pk}/password/", form)


def add_group(_scene: Scene) -> Post:
    return Post("/admin/auth/group/add/", {"name": "readers"})


def edit_group(_scene: Scene) -> Post:
    return Post(f"/admin/auth/group/{Group.objects.create(name='g').pk}/change/", {"name": "readers"})


POLICY = {"embargo_days": "60", "min_voters": "30", "licence": "CC0"}


def add_policy(scene: Scene) -> Post:
    return Post("/admin/data_releases/releasepolicy/add/", POLICY | {"arena": scene.arena.pk})


def edit_policy(scene: Scene) -> Post:
    ReleasePolicy.objects.create(arena=scene.arena)
    return Post(f"/admin/data_releases/releasepolicy/{scene.arena.pk}/change/", POLICY)


def try_system(scene: Scene) -> Post:
    return Post(f"/admin/systems/system/{scene.versions[0].system_id}/trial/", {"prompt": "A canary prompt"})


def reveal(scene: Scene) -> Post:
    return Post(f"/admin/battles/battle/{scene.battle.pk}/reveal/", {})


def change_own_password(_scene: Scene) -> Post:
    form = {"old_password": PASSWORD, "new_password1": "Xk29-lamp-post", "new_password2": "Xk29-lamp-post"}
    return Post("/admin/password_change/", form)


def renew_codes(scene: Scene) -> Post:
    return Post("/admin/second-factor/recovery/", {"code": code_of(device_of(scene.olga))})


ACTIONS: dict[str, Callable[[Scene], Post]] = {
    "accounts.apitoken:revoke": revoke,
    "battles.report:reopen": reopen,
    "battles.report:resolve": resolve,
    "common.outboxmessage:drop": drop,
    "common.outboxmessage:retry": retry,
    "common.periodicrun:again": run_again,
    "otp_totp.totpdevice:reset": reset,
    "systems.system:close_breaker": close_breaker,
    "systems.system:pause": pause,
    "systems.system:resume": resume,
}
FORMS: dict[str, Callable[[Scene], Post]] = {
    "accounts.apitoken:add": add_token,
    "arenas.arena:add": add_arena,
    "arenas.arena:change": edit_arena,
    "auth.group:add": add_group,
    "auth.group:change": edit_group,
    "auth.user:add": add_user,
    "auth.user:change": edit_user,
    "data_releases.releasepolicy:add": add_policy,
    "data_releases.releasepolicy:change": edit_policy,
    "systems.system:change": edit_system,
}
PAGES: dict[str, Callable[[Scene], Post]] = {
    "auth_user_password_change": set_password,
    "battles_battle_reveal": reveal,
    "password_change": change_own_password,
    "recovery_codes": renew_codes,
    "systems_system_trial": try_system,
}
#: Releases need files and a window of battles: `tests/data_releases/test_admin.py` walks these and reads their audit.
WALKED_ELSEWHERE = {f"data_releases.release:{name}" for name in ("mark_reviewed", "publish", "withdraw")}
#: Pages that write nothing, or are tested as logins.
OTHER_PAGES = {
    *("index", "login", "logout", "password_change_done", "jsi18n", "autocomplete", "view_on_site", "app_list"),
    *("status", "second_factor", "second_factor_set_up"),
}
#: A look at the systems of a battle changes nothing but the audit.
READS = {"battles_battle_reveal"}
SCENARIOS = {**ACTIONS, **FORMS, **PAGES}


@pytest.fixture
def request_of_olga(olga: User) -> object:
    request = RequestFactory().get("/admin/")
    request.user = olga
    return request


def label(model: type) -> str:
    return model._meta.label_lower


def test_every_action_has_a_scenario(request_of_olga: object) -> None:
    found = {
        f"{label(model)}:{name}"
        for model, model_admin in admin.site._registry.items()
        for name in model_admin.get_actions(request_of_olga)
    }
    assert found == set(ACTIONS) | WALKED_ELSEWHERE


def test_every_form_that_writes_has_a_scenario_and_nothing_can_be_deleted(request_of_olga: object) -> None:
    found = set()
    for model, model_admin in admin.site._registry.items():
        assert not model_admin.has_delete_permission(request_of_olga), model
        may = {"add": model_admin.has_add_permission, "change": model_admin.has_change_permission}
        found |= {f"{label(model)}:{verb}" for verb, allowed in may.items() if allowed(request_of_olga)}
        for inline in model_admin.get_inline_instances(request_of_olga):
            assert not inline.has_add_permission(request_of_olga, None), inline
            assert not inline.has_change_permission(request_of_olga, None), inline
    assert found == set(FORMS)


def test_every_page_of_its_own_has_a_scenario_or_writes_nothing() -> None:
    standard = {
        f"{model._meta.app_label}_{model._meta.model_name}_{page}"
        for model in admin.site._registry
        for page in ("changelist", "add", "change", "delete", "history")
    }
    names = {pattern.name for pattern in _patterns(admin.site.get_urls()) if pattern.name}
    assert names - standard - OTHER_PAGES == set(PAGES)


def _patterns(urls: list) -> list[URLPattern]:
    found = []
    for one in urls:
        found += [one] if isinstance(one, URLPattern) else _patterns(one.url_patterns)
    return found


def everything() -> dict[str, str]:
    """Every row of every table as a digest, but for the audit, the sessions and what logging in itself changes."""
    skipped = {"common_auditentry", "django_session", "integrity_ratecounter"}
    digests = {}
    with connection.cursor() as cursor:
        for model in apps.get_models():
            table = model._meta.db_table
            if table not in skipped and not model._meta.proxy:
                cursor.execute(f'SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM "{table}" t')
                digests[table] = cursor.fetchone()[0]
    return digests


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_a_write_and_its_audit_come_together(name: str, scene: Scene, operator: Client, valkey: object) -> None:
    post = SCENARIOS[name](scene)
    before, audited = everything(), AuditEntry.objects.count()
    response = operator.post(post.path, post.data)
    assert response.status_code in (200, 302), response.content
    new = AuditEntry.objects.order_by("id")[audited:]
    assert [entry.actor for entry in new] == [scene.olga] * len(new)
    assert len(new) >= 1
    assert (everything() == before) == (name in READS)


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_where_the_audit_cannot_be_written_nothing_is(
    name: str, scene: Scene, operator: Client, valkey: object
) -> None:
    post = SCENARIOS[name](scene)
    before = everything()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TRIGGER audit_full BEFORE INSERT ON common_auditentry "
            "FOR EACH ROW EXECUTE FUNCTION arena_audit_is_append_only()"
        )
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        operator.post(post.path, post.data)
    assert everything() == before


def test_no_secret_and_no_text_of_anybody_reaches_the_audit(scene: Scene, operator: Client, valkey: object) -> None:
    for make in SCENARIOS.values():
        post = make(scene) if make not in (add_user, set_password, edit_group, reset) else None
        if post is not None:
            operator.post(post.path, post.data)
        transaction.get_connection().run_on_commit.clear()
        Report.objects.all().delete()
        ApiToken.objects.all().delete()
        Health.objects.all().delete()
        User.objects.filter(username="vera").update(username=f"vera{User.objects.count()}")
        Group.objects.all().delete()
        ReleasePolicy.objects.all().delete()
    page = json.dumps(list(AuditEntry.objects.values("changes", "note", "target_name", "action")), default=str)
    assert "trial.start" in page
    for secret in ("canary", "Xk29", PASSWORD, "Answer"):
        assert secret not in page


def test_a_change_says_what_was_there_before(scene: Scene, operator: Client) -> None:
    post = edit_system(scene)
    operator.post(post.path, post.data)
    entry = AuditEntry.objects.get(action="system.change")
    assert entry.changes == {"daily_budget_usd": [None, "2.50"]}
    assert (entry.target_type, entry.target_id) == ("systems.system", str(scene.versions[0].system_id))


def test_passwords_are_not_told(scene: Scene, operator: Client) -> None:
    post = add_user(scene)
    operator.post(post.path, post.data)
    entry = AuditEntry.objects.get(action="user.add")
    assert entry.changes["password1"] == ["(hidden)", "(hidden)"]
    assert entry.changes["username"] == [None, "new"]


@pytest.mark.parametrize("change", ["UPDATE common_auditentry SET action = 'x'", "DELETE FROM common_auditentry"])
def test_the_audit_is_append_only_even_in_sql(olga: User, change: str) -> None:
    audit.record(olga, "system.pause", olga)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


def test_the_audit_shows_and_filters_and_offers_no_change(scene: Scene, operator: Client) -> None:
    entry = audit.record(scene.olga, "system.pause", scene.versions[0].system, {"is_paused": (False, True)}, "Costs")
    page = operator.get("/admin/common/auditentry/?q=Ada").content.decode()
    assert "is_paused: False → True" in page
    assert "Costs" in page
    assert operator.post(f"/admin/common/auditentry/{entry.pk}/change/", {"note": "x"}).status_code == 403
    assert operator.post(f"/admin/common/auditentry/{entry.pk}/delete/", {"post": "yes"}).status_code == 403


def test_the_history_of_a_row_is_its_audit(scene: Scene, operator: Client) -> None:
    system = scene.versions[0].system
    audit.record(scene.olga, "system.pause", system, note="Only this one")
    audit.record(scene.olga, "system.pause", scene.versions[1].system, note="Not the other")
    page = operator.get(f"/admin/systems/system/{system.pk}/history/", follow=True).content.decode()
    assert "Only this one" in page
    assert "Not the other" not in page


def test_an_audit_outside_of_a_transaction_is_refused() -> None:
    connection.in_atomic_block, before = False, connection.in_atomic_block
    try:
        with pytest.raises(transaction.TransactionManagementError):
            audit.record(None, "login.fail")
    finally:
        connection.in_atomic_block = before
