"""Whatever an operator writes leaves a row in the audit, in the same transaction; the audit itself cannot be changed.

The walk below finds every action, form and page that the admin has; one that is not in `writes` fails the suite.
"""

import json
from collections.abc import Iterator
from copy import deepcopy

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db import DatabaseError, connection, transaction
from django.test import Client, RequestFactory
from django.urls import URLPattern
from pytest_django import DjangoDbBlocker

from arena.accounts.models import ApiToken
from arena.battles.models import Report
from arena.common import audit
from arena.common.models import AuditEntry
from arena.systems.models import Health
from data_releases.models import ReleasePolicy
from tests.ballots import make_arena, make_battle, make_versions
from tests.kept_rows import kept_rows
from tests.operators.conftest import PASSWORD, everything, verified_client
from tests.operators.writes import (
    ACTIONS,
    FORMS,
    OTHER_PAGES,
    PAGES,
    READS,
    SCENARIOS,
    WALKED_ELSEWHERE,
    Scene,
    add_user,
    assert_written_only_with_its_audit,
    edit_group,
    edit_system,
    reset,
    set_password,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[Scene, Client]]:
    """The rows, and a browser of Olga."""
    with kept_rows(django_db_blocker):
        olga = User.objects.create_superuser("olga", password=PASSWORD)
        arena = make_arena()
        versions = make_versions(arena, ["Ada", "Bert"])
        yield Scene(olga, arena, versions, make_battle(arena, *versions)), verified_client(olga)


@pytest.fixture
def scene(made: tuple[Scene, Client]) -> Scene:
    return deepcopy(made[0])


@pytest.fixture
def olga(scene: Scene) -> User:
    return scene.olga


@pytest.fixture
def operator(made: tuple[Scene, Client]) -> Client:
    client = Client()
    client.cookies = deepcopy(made[1].cookies)
    return client


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
    # Without a transaction around the request: what a page writes outside of its own would stay, or break the test's.
    assert_written_only_with_its_audit(operator, SCENARIOS[name](scene))


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
