"""Every write that the admin offers, as the request that makes it; the walk in `test_audit` keeps the lists whole."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import Group, User
from django.db import DatabaseError
from django.db.models.functions import Now
from django.test import Client

from arena.accounts.services import create_token
from arena.arenas.models import Arena
from arena.battles.models import Battle, Report
from arena.common.models import OutboxMessage, PeriodicRun
from arena.systems.models import Health, System, SystemVersion
from data_releases.models import ReleasePolicy
from tests.operators.conftest import PASSWORD, code_of, device_of, everything, full_audit

#: What the form of an arena wants in any case.
NUMBERS = {"min_listen_s": "5", "listed_from_votes": "30", "settled_from_votes": "300"}


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
    form = {"name": "Text", "description": "New words", **NUMBERS, "suggestions": "[]"}
    return Post(f"/admin/arenas/arena/{scene.arena.pk}/change/", form)


def add_arena(_scene: Scene) -> Post:
    form = {
        "slug": "poems",
        "name": "Poems",
        "modality": "text",
        "description": "",
        **NUMBERS,
        "suggestions": "[]",
    }
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


POLICY = {"embargo_days": "60", "min_voters": "30", "withdrawal_days": "365", "licence": "CC0"}


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


def assert_written_only_with_its_audit(operator: Client, post: Post) -> None:
    before = everything()
    with full_audit(), pytest.raises(DatabaseError, match="append-only"):
        operator.post(post.path, post.data)
    assert everything() == before
