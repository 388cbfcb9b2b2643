import dataclasses
import secrets
from pathlib import Path

import pytest
from django.conf import settings

from arena.config.checks import check_deployment


@pytest.fixture
def deployment(settings, monkeypatch):
    """The ids that the checks report for a good deployment with these changes."""
    manifest = Path(__file__)
    settings.DJANGO_VITE = {"default": {"manifest_path": manifest}}
    monkeypatch.setattr("arena.config.checks.BASE_DIR", manifest.parent)
    good = dataclasses.replace(
        settings.ENV,
        secret_key=secrets.token_urlsafe(50),
        https=True,
        limits_off=False,
        allowed_hosts=["arena.example.org"],
        trusted_proxies=["10.0.0.0/8"],
        database_url="postgresql://arena:pw@db/arena",
        redis_url="redis://:pw@valkey/0",
        contact="mailto:team@example.org",
    )

    def ids(**changes):
        settings.ENV = dataclasses.replace(good, **changes)
        return [message.id for message in check_deployment()]

    return ids


def test_a_good_deployment_has_nothing_to_report(deployment):
    assert deployment() == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"trusted_proxies": []}, "arena.E001"),
        ({"allowed_hosts": ["*"]}, "arena.E002"),
        ({"limits_off": True}, "arena.W001"),
        ({"database_url": "postgresql://arena@db/arena"}, "arena.W002"),
        ({"redis_url": "redis://valkey/0"}, "arena.W002"),
        ({"contact": ""}, "arena.W004"),
        ({"https": False}, "arena.W005"),
    ],
)
def test_each_mistake_is_reported_by_its_id(deployment, changes, expected):
    assert deployment(**changes) == [expected]


def test_a_misspelt_variable_is_reported(deployment, monkeypatch):
    monkeypatch.setenv("ARENA_TRUSTED_PROXYS", "10.0.0.0/8")
    assert deployment() == ["arena.E003"]


def test_a_variable_that_names_a_file_is_known(deployment, monkeypatch):
    monkeypatch.setenv("ARENA_SECRET_KEY_FILE", "/run/secrets/key")
    assert deployment() == []


def test_an_unbuilt_front_end_is_reported(deployment, settings):
    settings.DJANGO_VITE = {"default": {"manifest_path": Path("/nowhere/manifest.json")}}
    assert deployment() == ["arena.E004"]


def test_a_language_without_its_compiled_file_is_reported(deployment, tmp_path, monkeypatch):
    folder = tmp_path / "arena" / "web" / "locale" / "fr" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.po").touch()
    monkeypatch.setattr("arena.config.checks.BASE_DIR", tmp_path)
    assert deployment() == ["arena.W003"]


def test_every_id_is_explained_in_the_module():
    from arena.config import checks

    source = Path(checks.__file__).read_text()
    used = {part.split('"')[0] for part in source.split('id="')[1:]}
    assert used
    assert all(f"- {one}:" in (checks.__doc__ or "") for one in used)


def test_the_settings_carry_no_key_of_their_own():
    assert settings.ENV.secret_key == settings.SECRET_KEY
