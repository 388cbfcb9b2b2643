"""The environment of a deployment, read once and typed. Every secret may come as NAME or as NAME_FILE."""

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

from django.core.exceptions import ImproperlyConfigured
from environs import EnvError, FileAwareEnv

from arena.accounts.errors import LimitsInvalid
from arena.accounts.limits import Limit, parse_limits
from arena.config.rules import broken_rules

BASE_DIR: Final = Path(__file__).resolve().parents[2]
#: As many as a row of `systems.Health` remembers.
MAX_BREAKER_CALLS: Final = 100


@dataclass(frozen=True, slots=True)
class Environment:
    """Everything that a deployment may set. `docs/operations.md` lists the variables."""

    debug: bool
    secret_key: str
    database_url: str
    db_pool_size: int
    redis_url: str
    allowed_hosts: list[str]
    https: bool
    trusted_proxies: list[str]
    limits: dict[str, dict[str, Limit]]
    limits_off: bool
    max_open_battles: int
    # USD per system version and UTC day; None: no limit.
    daily_budget_usd: Decimal | None
    # (failures, of the last calls, pause in seconds); no failures: no breaker.
    breaker: tuple[int, int, float]
    storage: str
    s3_endpoint_url: str
    s3_bucket: str
    openai_base_url: str
    openai_api_key: str
    openai_models: list[str]
    private_backends: list[str]
    moderation_url: str
    moderation_model: str
    moderation_api_key: str
    var: Path
    log_level: str
    # How visitors reach the operator: an e-mail address or a web address, shown on the privacy page.
    contact: str
    # Every variable that was looked for.
    names: frozenset[str]


def _limits(text: str) -> dict[str, dict[str, Limit]]:
    try:
        return parse_limits(text)
    except LimitsInvalid as error:
        raise ImproperlyConfigured(f"ARENA_LIMITS: {error}.") from error


def _breaker(text: str) -> tuple[int, int, float]:
    """Read FAILURES/CALLS/SECONDS; 0 switches breakers off."""
    if text == "0":
        return (0, 0, 0.0)
    match = re.fullmatch(r"(\d+)/(\d+)/(\d+)", text)
    if not match or not 1 <= int(match[1]) <= int(match[2]) <= MAX_BREAKER_CALLS or not int(match[3]):
        raise ImproperlyConfigured(
            f"ARENA_BREAKER: {text!r} is not FAILURES/CALLS/SECONDS, such as 5/10/60, "
            f"with 1 ≤ FAILURES ≤ CALLS ≤ {MAX_BREAKER_CALLS}; 0 switches it off."
        )
    return (int(match[1]), int(match[2]), float(match[3]))


def read_environment() -> Environment:
    """Read and validate the environment.

    Raises:
        ImproperlyConfigured: a value is missing or wrong; the message names the variable and what to do.
    """
    # An editor ends a file with a newline that is no part of the secret.
    env = FileAwareEnv(strip_whitespace=True)
    try:
        values = Environment(
            debug=env.bool("ARENA_DEBUG", False),
            secret_key=env.str("ARENA_SECRET_KEY", ""),
            database_url=env.str("DATABASE_URL", ""),
            db_pool_size=env.int("ARENA_DB_POOL_SIZE", 0),
            redis_url=env.str("REDIS_URL", "redis://127.0.0.1:6379/0"),
            allowed_hosts=env.list("ARENA_ALLOWED_HOSTS", ["127.0.0.1", "localhost"]),
            https=env.bool("ARENA_HTTPS", True),
            trusted_proxies=env.list("ARENA_TRUSTED_PROXIES", []),
            limits=_limits(env.str("ARENA_LIMITS", "")),
            limits_off=env.bool("ARENA_LIMITS_OFF", False),
            max_open_battles=env.int("ARENA_MAX_OPEN_BATTLES", 4),
            daily_budget_usd=env.decimal("ARENA_DAILY_BUDGET_USD", None),
            breaker=_breaker(env.str("ARENA_BREAKER", "5/10/60")),
            storage=env.str("ARENA_STORAGE", "folder"),
            s3_endpoint_url=env.str("S3_ENDPOINT_URL", ""),
            s3_bucket=env.str("S3_BUCKET", ""),
            openai_base_url=env.str("OPENAI_BASE_URL", ""),
            openai_api_key=env.str("OPENAI_API_KEY", ""),
            openai_models=env.list("OPENAI_MODELS", []),
            private_backends=env.list("ARENA_PRIVATE_BACKENDS", []),
            moderation_url=env.str("ARENA_MODERATION_URL", ""),
            moderation_model=env.str("ARENA_MODERATION_MODEL", ""),
            moderation_api_key=env.str("ARENA_MODERATION_API_KEY", ""),
            var=Path(env.str("ARENA_VAR", str(BASE_DIR / "var"))),
            log_level=env.str("ARENA_LOG_LEVEL", "INFO"),
            contact=env.str("ARENA_CONTACT", ""),
            names=frozenset(env.dump()),
        )
    except (EnvError, ValueError) as error:
        raise ImproperlyConfigured(str(error)) from error
    for sentence in broken_rules(values):
        raise ImproperlyConfigured(sentence)
    return values
