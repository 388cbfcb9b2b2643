"""`manage.py` beside a demo finds the demo's database; anywhere else it takes what the environment says."""

from ops.environment import demo_environment, site_environment


def test_a_folder_without_a_demo_changes_nothing(tmp_path):
    assert demo_environment({"ARENA_VAR": str(tmp_path)}) is None


def test_an_environment_that_names_its_database_is_left_alone(tmp_path):
    site_environment(tmp_path, {})
    assert demo_environment({"ARENA_VAR": str(tmp_path), "DATABASE_URL": "postgresql://a@b/c"}) is None


def test_beside_a_demo_its_servers_and_its_key_are_found(tmp_path):
    tmp_path.chmod(0o755)
    key = site_environment(tmp_path, {})["ARENA_SECRET_KEY"]
    env = demo_environment({"ARENA_VAR": str(tmp_path), "ARENA_LOG_LEVEL": "ERROR"})
    assert env["ARENA_SECRET_KEY"] == key
    assert env["DATABASE_URL"].startswith("postgresql://arena:")
    assert env["REDIS_URL"].startswith("unix://")
    assert env["ARENA_LOG_LEVEL"] == "ERROR"
    assert (tmp_path / "secrets" / "secret_key").stat().st_mode & 0o077 == 0
