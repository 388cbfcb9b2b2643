import secrets

import pytest
from django.core.exceptions import ImproperlyConfigured

from arena.config.env import read_environment, secrets_of

GOOD = {
    "ARENA_SECRET_KEY": secrets.token_urlsafe(50),
    "DATABASE_URL": "postgresql://arena:pw@db/arena",
    "ARENA_ALLOWED_HOSTS": "arena.example.org",
}


@pytest.fixture
def environment(monkeypatch):
    """Set exactly these variables, over those of the good deployment."""
    import os

    for name in [name for name in os.environ if name.startswith(("ARENA_", "DATABASE_", "REDIS_", "S3_", "OPENAI_"))]:
        monkeypatch.delenv(name)

    def set_all(**values):
        for name, value in (GOOD | values).items():
            monkeypatch.setenv(name, value)
        return read_environment()

    return set_all


def test_a_good_environment_is_read(environment):
    values = environment()
    assert values.https
    assert not values.debug
    assert environment(ARENA_PRIVATE_BACKENDS="[::1]:8000,vllm:8000").private_backends == ["[::1]:8000", "vllm:8000"]
    assert "ARENA_TRUSTED_PROXIES" in values.names


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("ARENA_SECRET_KEY", "", "at least 50 random characters"),
        ("ARENA_SECRET_KEY", "short", "at least 50 random characters"),
        ("ARENA_SECRET_KEY", "a" * 60, "placeholder"),
        ("ARENA_SECRET_KEY", "change-me-" + "abcdefghijklmnopqrstuvwxyz" * 2, "placeholder"),
        ("ARENA_DEBUG", "1", "arena.example.org"),
        ("ARENA_DEBUG", "perhaps", "ARENA_DEBUG"),
        ("DATABASE_URL", "", "DATABASE_URL is not set"),
        ("DATABASE_URL", "sqlite:///db", "PostgreSQL alone"),
        ("REDIS_URL", "http://valkey", "REDIS_URL must begin"),
        ("ARENA_STORAGE", "floppy", "folder or s3"),
        ("ARENA_STORAGE", "s3", "S3_BUCKET"),
        ("ARENA_PRIVATE_BACKENDS", "10.0.0.1", "host:port"),
        ("ARENA_PRIVATE_BACKENDS", "::1:8000", "host:port"),
        ("OPENAI_BASE_URL", "127.0.0.1:11434", "OPENAI_BASE_URL"),
        ("OPENAI_BASE_URL", "https://me:word@api.example/v1", "user name"),
        ("ARENA_TRUSTED_PROXIES", "nginx", "no address"),
        ("ARENA_TRUSTED_PROXIES", "0.0.0.0/0", "choose their own address"),
        ("ARENA_TRUSTED_PROXIES", "::/0", "choose their own address"),
        ("ARENA_MODERATION_URL", "ftp://guard", "ARENA_MODERATION_URL"),
        ("ARENA_ADMIN_SECOND_FACTOR", "0", "refused while ARENA_ALLOWED_HOSTS has arena.example.org"),
        ("ARENA_DAILY_BUDGET_USD", "-1", "ARENA_DAILY_BUDGET_USD"),
        ("ARENA_DAILY_BUDGET_USD", "much", "no amount"),
        ("ARENA_DAILY_BUDGET_USD", "NaN", "0 or more"),
        ("ARENA_BREAKER", "5", "FAILURES/CALLS/SECONDS"),
        ("ARENA_BREAKER", "11/10/60", "1 ≤ FAILURES ≤ CALLS"),
        ("ARENA_BREAKER", "5/200/60", "CALLS ≤ 100"),
        ("ARENA_LIMITS", "battle=many", "ARENA_LIMITS"),
        ("ARENA_LOG_LEVEL", "LOUD", "ARENA_LOG_LEVEL"),
        ("ARENA_SECRET_KEY_FALLBACKS", "short", "at least 50 characters"),
        ("ARENA_METRICS_TOKEN", "short", "at least 32 random characters"),
        ("ARENA_METRICS_NETWORKS", "0.0.0.0/0", "show the figures to everybody"),
        ("ARENA_METRICS_NETWORKS", "prometheus", "no address"),
        ("ARENA_MAX_OPEN_BATTLES", "-1", "0 (no cap) or more"),
        ("ARENA_MAX_SOCKETS", "-1", "0 (no cap) or more"),
        ("ARENA_REDIS_POOL_SIZE", "1", "2 or more"),
        ("ARENA_PREFETCH", "21", "from 0 to 20"),
    ],
)
def test_a_wrong_value_stops_the_start_with_a_sentence_that_names_it(environment, name, value, sentence):
    with pytest.raises(ImproperlyConfigured, match=name) as caught:
        environment(**{name: value})
    assert sentence in str(caught.value)


def test_debug_is_allowed_where_only_this_machine_can_reach_it(environment):
    assert environment(ARENA_DEBUG="1", ARENA_ALLOWED_HOSTS="localhost,127.0.0.1").debug


def test_a_secret_may_come_from_a_file_that_ends_with_a_newline(environment, tmp_path, monkeypatch):
    key = secrets.token_urlsafe(50)
    (tmp_path / "key").write_text(f"{key}\n")
    monkeypatch.delitem(GOOD, "ARENA_SECRET_KEY")
    assert environment(ARENA_SECRET_KEY_FILE=str(tmp_path / "key")).secret_key == key


def test_a_secret_file_that_cannot_be_read_is_named(environment):
    with pytest.raises(ImproperlyConfigured, match="ARENA_SECRET_KEY_FILE"):
        environment(ARENA_SECRET_KEY_FILE="/nowhere/key")


def test_the_second_factor_may_be_off_only_on_a_machine_of_ones_own(environment):
    assert environment().admin_second_factor is True
    demo = {"ARENA_ADMIN_SECOND_FACTOR": "0", "ARENA_ALLOWED_HOSTS": "127.0.0.1,localhost", "ARENA_HTTPS": "0"}
    assert environment(**demo).admin_second_factor is False
    with pytest.raises(ImproperlyConfigured, match="refused while ARENA_HTTPS is on"):
        environment(**(demo | {"ARENA_HTTPS": "1"}))


def test_a_breaker_and_a_budget_are_read(environment):
    assert (environment().breaker, environment().daily_budget_usd) == ((5, 10, 60.0), None)
    values = environment(ARENA_BREAKER="3/6/30", ARENA_DAILY_BUDGET_USD="12.50")
    assert (values.breaker, float(values.daily_budget_usd)) == ((3, 6, 30.0), 12.5)
    assert environment(ARENA_BREAKER="0").breaker[0] == 0
    assert environment(ARENA_DAILY_BUDGET_USD="").daily_budget_usd is None


@pytest.mark.parametrize("url", ["postgresql://arena:hunter2/x@db:5432/arena", "postgresql://arena:hunter2@[db/arena"])
def test_an_address_that_cannot_be_read_is_not_quoted(environment, url):
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL cannot be read") as caught:
        environment(DATABASE_URL=url)
    assert "hunter2" not in str(caught.value)


def test_every_secret_is_known_to_the_logs_however_it_comes(environment, tmp_path, monkeypatch):
    (tmp_path / "key").write_text("zqx-of-a-file\n")
    old = secrets.token_urlsafe(50)
    values = environment(
        ARENA_SECRET_KEY_FALLBACKS=old,
        ARENA_METRICS_TOKEN="m" * 40,
        DATABASE_URL="postgresql://arena:pass%40word@db/arena",
        REDIS_URL="redis://:redisword@valkey/0",
        OPENAI_API_KEY="sk-of-the-site",
        MISTRAL_API_KEY="sk-of-a-backend",
        OTHER_API_KEY_FILE=str(tmp_path / "key"),
        MISSING_API_KEY_FILE="/nowhere/key",
    )
    assert set(secrets_of(values)) >= {
        *(GOOD["ARENA_SECRET_KEY"], old, "m" * 40, "pass%40word", "pass@word", "redisword"),
        *("sk-of-the-site", "sk-of-a-backend", "zqx-of-a-file"),
    }
    assert "arena.example.org" not in set(secrets_of(values))


def test_the_present_key_is_no_earlier_one(environment):
    with pytest.raises(ImproperlyConfigured, match="ARENA_SECRET_KEY_FALLBACKS holds the present key"):
        environment(ARENA_SECRET_KEY_FALLBACKS=GOOD["ARENA_SECRET_KEY"])
