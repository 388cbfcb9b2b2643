"""The environment of a deployment, read once and typed. Every secret may come as NAME or as NAME_FILE."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from environs import EnvError, FileAwareEnv

from arena.accounts.errors import LimitsInvalid
from arena.accounts.limits import Limit, parse_limits
from arena.config.rules import broken_rules

BASE_DIR: Final = Path(__file__).resolve().parents[2]
#: As many as a row of `systems.Health` remembers.
MAX_BREAKER_CALLS: Final = 100
#: How variables are called that hold a key of a backend or of a library.
SECRET_NAME: Final = re.compile(r"\w+_(?:KEY|TOKEN|PASSWORD|SECRET)")


@dataclass(frozen=True, slots=True)
class Environment:
    """Everything that a deployment may set. `docs/operations.md` lists the variables."""

    debug: bool
    secret_key: str
    secret_key_fallbacks: list[str]
    database_url: str
    db_pool_size: int
    redis_url: str
    redis_pool_size: int
    allowed_hosts: list[str]
    https: bool
    trusted_proxies: list[str]
    limits: dict[str, dict[str, Limit]]
    limits_off: bool
    max_open_battles: int
    max_sockets: int
    prefetch: int
    # USD per system version and UTC day; None: no limit.
    daily_budget_usd: Decimal | None
    # (failures, of the last calls, pause in seconds); no failures: no breaker.
    breaker: tuple[int, int, float]
    # Off only where nobody else can reach the site: a demo on one machine.
    admin_second_factor: bool
    storage: str
    s3_endpoint_url: str
    s3_bucket: str
    aws_access_key_id: str
    aws_secret_access_key: str
    openai_base_url: str
    openai_api_key: str
    openai_models: list[str]
    private_backends: list[str]
    moderation_url: str
    moderation_model: str
    moderation_api_key: str
    router_url: str
    router_model: str
    router_api_key: str
    metrics_token: str
    metrics_networks: list[str]
    # Ed25519 private key that signs releases, 64 hexadecimal digits; empty: derived from the secret key.
    release_key: str
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


def _budget_usd(text: str) -> Decimal | None:
    """Read an amount; nothing is no limit."""
    try:
        budget = Decimal(text) if text else None
    except InvalidOperation as error:
        raise ImproperlyConfigured(f"ARENA_DAILY_BUDGET_USD: {text!r} is no amount, such as 12.50.") from error
    if budget is not None and not (budget.is_finite() and budget >= 0):
        raise ImproperlyConfigured("ARENA_DAILY_BUDGET_USD must be 0 or more; leave it out for no limit.")
    return budget


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
            secret_key_fallbacks=env.list("ARENA_SECRET_KEY_FALLBACKS", []),
            database_url=env.str("DATABASE_URL", ""),
            db_pool_size=env.int("ARENA_DB_POOL_SIZE", 0),
            redis_url=env.str("REDIS_URL", "redis://127.0.0.1:6379/0"),
            redis_pool_size=env.int("ARENA_REDIS_POOL_SIZE", 8),
            allowed_hosts=env.list("ARENA_ALLOWED_HOSTS", ["127.0.0.1", "localhost"]),
            https=env.bool("ARENA_HTTPS", True),
            trusted_proxies=env.list("ARENA_TRUSTED_PROXIES", []),
            limits=_limits(env.str("ARENA_LIMITS", "")),
            limits_off=env.bool("ARENA_LIMITS_OFF", False),
            max_open_battles=env.int("ARENA_MAX_OPEN_BATTLES", 4),
            max_sockets=env.int("ARENA_MAX_SOCKETS", 4),
            prefetch=env.int("ARENA_PREFETCH", 2),
            daily_budget_usd=_budget_usd(env.str("ARENA_DAILY_BUDGET_USD", "")),
            breaker=_breaker(env.str("ARENA_BREAKER", "") or "5/10/60"),
            admin_second_factor=env.bool("ARENA_ADMIN_SECOND_FACTOR", True),
            storage=env.str("ARENA_STORAGE", "folder"),
            s3_endpoint_url=env.str("S3_ENDPOINT_URL", ""),
            s3_bucket=env.str("S3_BUCKET", ""),
            aws_access_key_id=env.str("AWS_ACCESS_KEY_ID", ""),
            aws_secret_access_key=env.str("AWS_SECRET_ACCESS_KEY", ""),
            openai_base_url=env.str("OPENAI_BASE_URL", ""),
            openai_api_key=env.str("OPENAI_API_KEY", ""),
            openai_models=env.list("OPENAI_MODELS", []),
            private_backends=env.list("ARENA_PRIVATE_BACKENDS", []),
            moderation_url=env.str("ARENA_MODERATION_URL", ""),
            moderation_model=env.str("ARENA_MODERATION_MODEL", ""),
            moderation_api_key=env.str("ARENA_MODERATION_API_KEY", ""),
            router_url=env.str("ARENA_ROUTER_URL", ""),
            router_model=env.str("ARENA_ROUTER_MODEL", ""),
            router_api_key=env.str("ARENA_ROUTER_API_KEY", ""),
            metrics_token=env.str("ARENA_METRICS_TOKEN", ""),
            metrics_networks=env.list("ARENA_METRICS_NETWORKS", ["127.0.0.0/8", "::1/128"]),
            release_key=env.str("ARENA_RELEASE_KEY", ""),
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


def secrets_of(values: Environment) -> Iterator[str]:
    """Every value that no log may show: those of the settings, and those of backends and libraries beside them."""
    yield from (values.secret_key, *values.secret_key_fallbacks)
    yield from (values.openai_api_key, values.moderation_api_key, values.router_api_key, values.metrics_token)
    for url in (values.database_url, values.redis_url):
        password = urlsplit(url).password or ""
        yield from (password, unquote(password))
    for name, value in os.environ.items():
        if SECRET_NAME.fullmatch(name):
            yield value
        elif SECRET_NAME.fullmatch(name.removesuffix("_FILE")):
            yield _content(Path(value))


def _content(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, ValueError):
        return ""
