"""Every list of the admin opens, costs the same for one row as for many, and shows no text of anybody."""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import NamedTuple

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.db import connection, transaction
from django.db.models import Model
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoDbBlocker

from arena.accounts.models import Consent
from arena.accounts.services import create_token
from arena.arenas.models import Arena
from arena.battles.models import Battle, RefusedTurn, Report
from arena.common import audit
from arena.common.models import OutboxMessage
from arena.systems import steering, usage
from arena.systems.models import System, SystemVersion, Trial
from arena.systems.usage import CallResult, Charge
from tests.ballots import make_arena, make_battle, make_version, make_versions
from tests.kept_rows import kept_rows
from tests.operators.conftest import PASSWORD, listed, refused, verified_client

pytestmark = pytest.mark.django_db
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


def test_django_finds_no_fault_with_any_of_them() -> None:
    assert len(MODELS) > 10
    assert run_checks(tags=["admin"]) == []


class Page(NamedTuple):
    """A list as it was answered, and the queries that it took."""

    response: HttpResponse
    queries: int


class Lists(NamedTuple):
    """A browser of an operator, what adds a row to every list that can grow, and the lists with a row each."""

    client: Client
    add: Callable[[], None]
    few: dict[type[Model], Page]


def add_rows(olga: User, arena: Arena, versions: list[SystemVersion]) -> None:
    n = Battle.objects.count()
    more = make_version(arena, f"More {n}")
    with transaction.atomic():
        usage.record([CallResult(more.pk, latency_s=1.0, charge=Charge(Decimal("0.01")))])
        audit.record(olga, "system.pause", more.system)
    steering.pause(System.objects.create(arena=arena, name=f"Paused {n}"))
    another = make_battle(arena, *versions)
    Report.objects.create(battle=another, turn_n=1, side="left", reason="harmful", text="A canary of a report")
    RefusedTurn.objects.create(battle=another, prompt="A canary of a prompt", reason="violence")
    refused(arena, versions)
    token, _value = create_token(f"study {n}")
    Consent.objects.create(token=token, research=True, age_16=True, text_version="1", language="en")
    Trial.objects.create(version=more, prompt="A canary of a trial")
    OutboxMessage.objects.create(task="arena.sweep")


@pytest.fixture(scope="module")
def lists(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Lists]:
    """With a row each, and a second battle."""
    with kept_rows(django_db_blocker):
        arena = make_arena()
        versions = make_versions(arena, ["Ada", "Bert"])
        make_battle(arena, *versions)
        olga = User.objects.create_superuser("olga", password=PASSWORD)
        add_rows(olga, arena, versions)
        client = verified_client(olga)
        yield Lists(client, lambda: add_rows(olga, arena, versions), opened(client))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_a_list_opens_under_a_strict_policy_and_shows_no_text_of_anybody(lists: Lists, model: type) -> None:
    response = lists.few[model].response
    assert response.status_code == 200
    policy = response["Content-Security-Policy"]
    assert "unsafe" not in policy
    page = response.content.decode()
    assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?![^>]*(?:src=|application/json))", page)
    assert "canary" not in page
    assert "Why is the sky blue" not in page


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_no_row_is_called_an_object(model: type) -> None:
    assert model.__str__ is not Model.__str__


def test_a_list_asks_as_much_for_many_rows_as_for_one(lists: Lists) -> None:
    for _ in range(4):
        lists.add()
    many = opened(lists.client)
    assert {page.response.status_code for page in many.values()} == {200}
    asked = {model._meta.label: (lists.few[model].queries, page.queries) for model, page in many.items()}
    assert {label: (few, many) for label, (few, many) in asked.items() if many > few} == {}
    assert max(many for _few, many in asked.values()) <= 20


def opened(client: Client) -> dict[type[Model], Page]:
    pages = {}
    for model in MODELS:
        with CaptureQueriesContext(connection) as captured:
            response = client.get(listed(model))
        pages[model] = Page(response, len(captured))
    return pages
