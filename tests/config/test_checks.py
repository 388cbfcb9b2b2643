import dataclasses
import re
import secrets
from pathlib import Path

import pytest
from django.conf import settings

from arena.config import checks, checks_postgres, checks_running, checks_servers
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
        database_url="postgresql://arena:h6Tq92kLw0ZsX4vB@db/arena",
        redis_url="redis://:Yc3mP8rNd5JgU1eA@valkey/0",
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
        ({"metrics_token": "Yc3mP8rNd5JgU1eA"}, "arena.W006"),
        ({"database_url": "postgresql://arena:secret@db/arena"}, "arena.W007"),
        ({"redis_url": "redis://:aaaaaaaaaaaaaaaaaaaaaaaa@valkey/0"}, "arena.W007"),
        ({"metrics_networks": ["203.0.0.0/8"]}, "arena.W008"),
        ({"allowed_hosts": ["https://arena.example.org"]}, "arena.W009"),
        ({"allowed_hosts": ["arena.example.org:8000"]}, "arena.W009"),
        ({"admin_second_factor": False}, "arena.W010"),
        ({"trusted_proxies": ["20.0.0.0/8"]}, "arena.W012"),
        ({"storage": "s3", "aws_access_key_id": "AKIA1"}, "arena.E006"),
        ({"storage": "s3", "aws_secret_access_key": "xZ81"}, "arena.E006"),
        ({"private_backends": ["db:5432"]}, "arena.W019"),
        ({"private_backends": ["valkey:6379"]}, "arena.W019"),
        ({"private_backends": ["storage:8333"], "s3_endpoint_url": "http://storage:8333"}, "arena.W019"),
        ({"private_backends": ["localhost:6379"], "redis_url": "redis://127.0.0.1/0"}, "arena.W019"),
        ({"private_backends": ["169.254.169.254:80"]}, "arena.W019"),
        ({"private_backends": ["metadata.google.internal:80"]}, "arena.W019"),
        ({"moderation_url": "http://guard.example.org/v1/moderations"}, "arena.W020"),
        ({"router_url": "http://20.1.2.3/v1/chat/completions"}, "arena.W020"),
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


@pytest.mark.parametrize(
    "changes",
    [
        {"metrics_networks": ["203.0.113.9", "10.0.0.0/8", "2001:db8::/64", "unix"]},
        {"trusted_proxies": ["unix", "fd00::/8", "203.0.113.9"]},
        {"allowed_hosts": ["arena.example.org", ".example.org", "127.0.0.1", "web"]},
        {"private_backends": ["gpu:8000", "10.0.0.7:8000", "[::1]:11434", "db:8000"]},
        {"moderation_url": "http://guard:8000/v1/moderations", "router_url": "http://10.1.2.3/v1/chat/completions"},
        {"moderation_url": "https://guard.example.org/v1/moderations"},
        # A password on this machine is nobody else's to guess.
        {"database_url": "postgresql://arena:pw@127.0.0.1/arena"},
    ],
)
def test_what_is_no_mistake_is_not_reported(deployment, changes):
    assert deployment(**changes) == []


def test_a_folder_that_cannot_be_written_is_reported_where_it_is_the_store(deployment, tmp_path, monkeypatch):
    monkeypatch.setattr("arena.config.checks.os.access", lambda *_args: False)
    assert deployment(var=tmp_path / "new") == ["arena.E005"]
    assert deployment(var=tmp_path / "new", storage="s3") == []


def test_a_disk_that_is_nearly_full_is_reported_where_it_is_the_store(deployment, tmp_path, monkeypatch):
    monkeypatch.setattr(checks, "MIN_FREE_BYTES", 2**70)
    assert deployment(var=tmp_path) == ["arena.W021"]
    assert deployment(var=tmp_path, storage="s3") == []


@pytest.mark.parametrize("name", ["ARENA_SECRET_KEY_FILE", "DATABASE_URL_FILE", "CLEO_API_KEY_FILE"])
def test_a_secret_that_everybody_on_the_machine_can_read_is_reported(deployment, monkeypatch, tmp_path, name):
    secret = tmp_path / "secret"
    secret.touch(mode=0o600)
    monkeypatch.setenv(name, str(secret))
    assert deployment() == []
    secret.chmod(0o644)
    assert deployment() == ["arena.W018"]
    # Docker shows a container its secrets like this, and nobody else.
    monkeypatch.setattr(checks, "_CONTAINER_SECRETS", tmp_path)
    assert deployment() == []


def test_a_file_that_holds_no_secret_may_be_read_by_everybody(deployment, monkeypatch, tmp_path):
    contact = tmp_path / "contact"
    contact.touch(mode=0o644)
    monkeypatch.setenv("ARENA_CONTACT_FILE", str(contact))
    assert deployment() == []


@pytest.mark.parametrize(
    "module", [checks, checks_postgres, checks_running, checks_servers], ids=lambda module: module.__name__
)
def test_every_id_is_explained_in_its_module_and_used_once(module):
    used = re.findall(r'id="(arena\.[EW]\d{3})"', Path(module.__file__).read_text())
    explained = re.findall(r"^- (arena\.[EW]\d{3}):", module.__doc__, re.MULTILINE)
    assert set(used) == set(explained)
    assert len(explained) == len(set(explained))


def test_the_settings_carry_no_key_of_their_own():
    assert settings.ENV.secret_key == settings.SECRET_KEY
