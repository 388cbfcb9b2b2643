"""A system's page: how it fares, why it is not drawn, and steering it with a reason."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from arena.common.models import AuditEntry
from arena.systems import steering, usage
from arena.systems.models import Health, System, SystemEvent, SystemVersion, Trial
from arena.systems.usage import CallResult, Charge
from tests.operators.conftest import text_of

pytestmark = pytest.mark.django_db


def test_a_system_shows_health_latency_and_spending(operator: Client, versions: list[SystemVersion]) -> None:
    ada = versions[0]
    System.objects.filter(pk=ada.system_id).update(daily_budget_usd=5)
    with transaction.atomic():
        for _ in range(3):
            usage.record([CallResult(ada.pk, latency_s=2.0, charge=Charge(Decimal("0.5")))])
        usage.record([CallResult(ada.pk, "TimedOut")])
    page = text_of(operator, "/admin/systems/system/?q=Ada")
    for words in ("Drawn", "25.0%", "$1.50 of $5.00"):
        assert words in page, words
    assert re.search(r"1\.[89] s|2 s|2\.\d s", page)
    assert "TimedOut: 1" in text_of(operator, f"/admin/systems/system/{ada.system_id}/change/")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda ada: steering.pause(ada.system), "Paused"),
        (lambda ada: SystemVersion.objects.filter(pk=ada.pk).update(retired_at=Now()), "Retired"),
        (
            lambda ada: Health.objects.create(version=ada, state="open", retry_at=Now() + timedelta(hours=1)),
            "Breaker open until",
        ),
        (lambda ada: Health.objects.create(version=ada, state="half_open"), "one call tries"),
        (lambda ada: System.objects.filter(pk=ada.system_id).update(daily_budget_usd=0), "Budget used up"),
    ],
)
def test_a_system_that_is_not_drawn_says_why(
    operator: Client, versions: list[SystemVersion], change: Callable[[SystemVersion], object], words: str
) -> None:
    change(versions[0])
    assert words in text_of(operator, "/admin/systems/system/?q=Ada")


def test_a_pause_asks_first_with_a_reason_that_is_required(operator: Client, versions: list[SystemVersion]) -> None:
    post = {"action": "pause", "_selected_action": [versions[0].system_id]}
    asked = operator.post("/admin/systems/system/", post).content.decode()
    assert "Pause these systems?" in asked
    assert (
        "This field is required"
        in operator.post("/admin/systems/system/", post | {"confirmed": "1", "note": " "}).content.decode()
    )
    assert not System.objects.filter(is_paused=True).exists()
    operator.post("/admin/systems/system/", post | {"confirmed": "1", "note": "Too dear"})
    assert System.objects.get(is_paused=True).name == "Ada"
    assert AuditEntry.objects.get(action="system.pause").note == "Too dear"
    assert SystemEvent.objects.get().kind == "paused"


def test_whoever_may_only_look_steers_nothing(looking: Callable[..., Client], versions: list[SystemVersion]) -> None:
    client = looking("view_system")
    path = f"/admin/systems/system/{versions[0].system_id}"
    page = text_of(client, f"{path}/change/")
    assert "Pause" not in page
    assert "Test prompt" not in page
    client.post(
        "/admin/systems/system/", {"action": "pause", "_selected_action": [versions[0].system_id], "note": "x"}
    )
    assert client.post(f"{path}/trial/", {"prompt": "Hello"}).status_code == 403
    assert not System.objects.filter(is_paused=True).exists()


def test_what_a_system_said_in_a_test_is_shown_as_text(operator: Client, versions: list[SystemVersion]) -> None:
    hostile = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    trial = Trial.objects.create(version=versions[0], prompt=hostile, content=hostile, finished_at=Now())
    page = text_of(operator, f"/admin/systems/trial/{trial.pk}/change/")
    assert page.count("&lt;script&gt;alert(1)") == 2
    assert "<script>alert" not in page
    assert "<img src=x" not in page


@pytest.mark.parametrize(("began_ago_s", "words"), [(30, "Calling the system"), (400, "Never ended")])
def test_a_test_whose_worker_was_killed_is_told_as_never_ended_and_asked_for_no_more(
    operator: Client, versions: list[SystemVersion], began_ago_s: int, words: str
) -> None:
    began = timezone.now() - timedelta(seconds=began_ago_s)
    trial = Trial.objects.create(version=versions[0], prompt="Hello?", started_at=began)
    page = text_of(operator, f"/admin/systems/trial/{trial.pk}/change/")
    assert words in page
    assert ("data-refresh-s" in page) == (words != "Never ended")
    listed = text_of(operator, "/admin/systems/trial/")
    assert ("never ended" if words == "Never ended" else "running") in listed
