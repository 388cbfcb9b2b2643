"""Operators: Olga may do everything, Vera may look, Mallory has only a password."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.urls import reverse
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from arena.arenas.models import Arena
from arena.battles.models import Battle, Turn
from arena.systems.models import SystemVersion
from tests.ballots import make_arena, make_battle, make_versions

# As the addresses of the site do; tests look at the list of pages before they ask for an address.
admin.autodiscover()

PASSWORD = "correct horse battery"
BATTLES = "/admin/battles/battle/"


def device_of(user: User) -> TOTPDevice:
    """The user's authenticator app, made where there is none."""
    device, _new = TOTPDevice.objects.get_or_create(user=user, defaults={"name": "Authenticator app"})
    return device


def code_of(device: TOTPDevice) -> str:
    """The code that the app shows now, usable again and again: tests are faster than half a minute."""
    TOTPDevice.objects.filter(pk=device.pk).update(last_t=-1, throttling_failure_count=0)
    return f"{totp(device.bin_key):06d}"


def verified_client(user: User) -> Client:
    """A browser in which this operator went through password and second factor just now."""
    client = Client()
    client.force_login(user)
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = device_of(user).persistent_id
    session.save()
    return client


def forget_proof(client: Client) -> None:
    """Time has passed since the operator proved who they are."""
    session = client.session
    session["proved_at"] = 0
    session.save()


def text_of(client: Client, path: str) -> str:
    """A page that opens."""
    response = client.get(path)
    assert response.status_code == 200, path
    return response.content.decode()


def listed(model: type) -> str:
    """The address of a model's list."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def everything() -> dict[str, str]:
    """Every row of every table as a digest, but for the audit, the sessions and what logging in itself changes."""
    skipped = {"common_auditentry", "django_session", "integrity_ratecounter"}
    tables = {model._meta.db_table for model in apps.get_models() if not model._meta.proxy} - skipped
    # Sums, as to sort the rows of every table takes ten times as long; of the tables into which anybody ever wrote.
    written = "SELECT relname FROM pg_class WHERE relname = ANY(%s) AND pg_relation_size(oid) > 0 ORDER BY relname"
    rows = "count(*) || ' ' || sum(hashtextextended(t::text, 0))"
    with connection.cursor() as cursor:
        cursor.execute(written, [list(tables)])
        names = [name for (name,) in cursor.fetchall()]
        cursor.execute(" UNION ALL ".join(f"SELECT '{table}', {rows} FROM \"{table}\" t" for table in names))
        # The sum of no rows is null.
        return {table: digest for table, digest in cursor.fetchall() if digest is not None}


def refused(arena: Arena, versions: list[SystemVersion]) -> Battle:
    """A battle whose prompt was refused."""
    battle = make_battle(arena, *versions, state="refused")
    Turn.objects.filter(battle=battle).update(prompt="A refused canary")
    return battle


@contextmanager
def full_audit() -> Iterator[None]:
    """Meanwhile no row of the audit can be written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TRIGGER audit_full BEFORE INSERT ON common_auditentry "
            "FOR EACH ROW EXECUTE FUNCTION arena_audit_is_append_only()"
        )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER audit_full ON common_auditentry")


@pytest.fixture
def olga(db: None) -> User:
    return User.objects.create_superuser("olga", password=PASSWORD)


@pytest.fixture
def operator(olga: User) -> Client:
    return verified_client(olga)


@pytest.fixture
def looking(db: None) -> Callable[[str], Client]:
    """Makes a browser of an operator who has only these view permissions."""

    def make(*codenames: str) -> Client:
        vera = User.objects.create_user("vera", password=PASSWORD, is_staff=True)
        vera.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        return verified_client(vera)

    return make


@pytest.fixture
def arena(db: None) -> Arena:
    return make_arena()


@pytest.fixture
def versions(arena: Arena) -> list[SystemVersion]:
    return make_versions(arena, ["Ada", "Bert"])


@pytest.fixture
def battle(arena: Arena, versions: list[SystemVersion]) -> Battle:
    return make_battle(arena, *versions)
