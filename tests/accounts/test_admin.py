"""The admin shows accounts, pairings and counters, and gives no secret away."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from arena.accounts.models import ApiToken
from arena.accounts.services import create_browser_voter, create_token, token_of_bearer
from arena.integrity.models import RateCounter

pytestmark = pytest.mark.django_db

MODELS = (
    "accounts_apitoken",
    "accounts_voter",
    "accounts_consent",
    "router_samplingpolicy",
    "router_pairing",
    "router_drawcount",
    "integrity_ratecounter",
)


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("admin"))
    return client


@pytest.mark.parametrize("model", MODELS)
def test_a_list_opens_and_offers_nothing_to_add(admin: Client, model: str) -> None:
    page = admin.get(reverse(f"admin:{model}_changelist"))
    assert page.status_code == 200
    assert reverse(f"admin:{model}_add") not in page.content.decode()


def test_no_hash_of_a_secret_is_shown(admin: Client) -> None:
    token, value = create_token("study")
    voter, _cookie = create_browser_voter()
    counter = RateCounter.objects.create(
        action="vote", subject=b"\xabc" * 8, window_start="2026-01-01T00:00Z", count=1
    )
    for model, row in (("accounts_apitoken", token), ("accounts_voter", voter), ("integrity_ratecounter", counter)):
        page = admin.get(reverse(f"admin:{model}_change", args=[row.pk]))
        text = page.content.decode()
        assert page.status_code == 200
        assert not any(word in text for word in ("sha256", "Sha256", "Subject", "&lt;memory", value))


def test_a_token_is_revoked_for_good(admin: Client) -> None:
    token, value = create_token("study")
    data = {"action": "revoke", "_selected_action": [token.pk]}
    assert admin.post(reverse("admin:accounts_apitoken_changelist"), data).status_code == 302
    assert token_of_bearer(value) is None
    first = ApiToken.objects.get().revoked_at
    admin.post(reverse("admin:accounts_apitoken_changelist"), data)
    assert ApiToken.objects.get().revoked_at == first
