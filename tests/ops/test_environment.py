"""`manage.py` beside a demo finds the demo's database; anywhere else it takes what the environment says."""

import pytest

from ops.environment import demo_environment, site_environment


def test_a_folder_without_a_demo_changes_nothing(tmp_path):
    assert demo_environment({"ARENA_VAR": str(tmp_path)}) is None


@pytest.mark.parametrize("suffix", ["", "_FILE"])
def test_a_deployment_with_a_database_and_a_key_is_left_alone(tmp_path, suffix):
    site_environment(tmp_path, {})
    (tmp_path / "key").write_text("secret")
    key = str(tmp_path / "key") if suffix else "secret"
    named = {"ARENA_VAR": str(tmp_path), "DATABASE_URL": "postgresql://a@b/c"}
    assert demo_environment(named | {f"ARENA_SECRET_KEY{suffix}": key}) is None


def test_a_demo_on_servers_that_the_person_named_has_its_own_key(tmp_path):
    key = site_environment(tmp_path, {})["ARENA_SECRET_KEY"]
    named = {"DATABASE_URL": "postgresql://a@b/c", "REDIS_URL": "redis://d"}
    env = demo_environment(named | {"ARENA_VAR": str(tmp_path)})
    assert env["ARENA_SECRET_KEY"] == key
    assert named.items() <= env.items()
    assert not (tmp_path / "services").exists()


def test_beside_a_demo_its_servers_and_its_key_are_found(tmp_path):
    tmp_path.chmod(0o755)
    key = site_environment(tmp_path, {})["ARENA_SECRET_KEY"]
    env = demo_environment({"ARENA_VAR": str(tmp_path), "ARENA_LOG_LEVEL": "ERROR"})
    assert env["ARENA_SECRET_KEY"] == key
    assert env["DATABASE_URL"].startswith("postgresql://arena:")
    assert env["REDIS_URL"].startswith("unix://")
    assert env["ARENA_LOG_LEVEL"] == "ERROR"
    assert (tmp_path / "secrets" / "secret_key").stat().st_mode & 0o077 == 0


def test_the_demos_login_link_is_enough_on_this_machine_and_nowhere_else(tmp_path):
    assert site_environment(tmp_path, {})["ARENA_ADMIN_SECOND_FACTOR"] == "0"
    for name, value in (("ARENA_HTTPS", "1"), ("ARENA_ALLOWED_HOSTS", "arena.example.org")):
        assert "ARENA_ADMIN_SECOND_FACTOR" not in site_environment(tmp_path, {name: value})
