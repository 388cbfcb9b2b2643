"""Limits and proxies come from the environment; a wrong value stops the start with a sentence."""

import secrets

import pytest
from django.core.exceptions import ImproperlyConfigured

from arena.config.env import read_environment


@pytest.fixture(autouse=True)
def _complete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARENA_SECRET_KEY", secrets.token_urlsafe(50))
    monkeypatch.setenv("DATABASE_URL", "postgresql://user@host/name")


def test_limits_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARENA_LIMITS", "battle.voter=7/60,vote.network=0")
    assert read_environment().limits == {"battle": {"voter": (7, 60)}, "vote": {"network": (0, 86400)}}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ARENA_LIMITS", "battle.voter=often"),
        ("ARENA_LIMITS_OFF", "perhaps"),
        ("ARENA_MAX_OPEN_BATTLES", "-1"),
        ("ARENA_MAX_OPEN_BATTLES", "few"),
        ("ARENA_TRUSTED_PROXIES", "10.0.0.0/99"),
        ("ARENA_TRUSTED_PROXIES", "proxy.example"),
        ("ARENA_MODERATION_URL", "moderator.example/v1/moderations"),
        ("ARENA_MODERATION_URL", "https://moderator.example/v1"),
    ],
)
def test_a_wrong_value_stops_the_start_and_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=name):
        read_environment()


def test_good_values_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARENA_TRUSTED_PROXIES", "10.0.0.0/8,192.0.2.7,2001:db8::/32,unix")
    monkeypatch.setenv("ARENA_MODERATION_URL", "https://moderator.example/v1/chat/completions")
    monkeypatch.setenv("ARENA_LIMITS_OFF", "1")
    environment = read_environment()
    assert environment.limits_off
    assert len(environment.trusted_proxies) == 4
