"""Checks that connect, before anything runs: `manage.py check --deploy --database default --tag servers`.

They ask whether PostgreSQL (`checks_postgres`), Redis and the names fit. They run neither with `migrate`, nor without
`--database`. Ids:

- arena.E010: PostgreSQL does not answer.
- arena.E012: Redis does not answer.
- arena.E013: Redis is too old.
- arena.W013: Redis may throw away what waits in the queues.
- arena.W015: a host name of the site resolves to nothing.
"""

import socket
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 - Django's own name
from django.db import Error as DatabaseError
from django.db import connection
from redis.exceptions import RedisError

from arena.common import live
from arena.config.checks_postgres import postgres
from arena.config.env import Environment
from arena.config.rules import LOOPBACK_HOSTS

MIN_REDIS: Final = (6, 2)

Check: TypeAlias = Callable[[], Iterator[CheckMessage]]


def ask(checks: Sequence[Check], databases: Sequence[str] | None) -> list[CheckMessage]:
    """Run the checks, if `--database` allows connections; without a database only its absence is worth telling."""
    if not databases:
        return []
    try:
        connection.ensure_connection()
    except DatabaseError:
        hint = "Is it running, and are host, user and password of DATABASE_URL right?"
        return [
            Error(f"PostgreSQL at {_place(settings.ENV.database_url)} does not answer.", hint=hint, id="arena.E010")
        ]
    return [message for check in checks for message in check()]


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 5432}" if parts.hostname else "its socket"


@register("servers", Tags.database, deploy=True)
def check_servers(databases: Sequence[str] | None = None, **_options: Any) -> list[CheckMessage]:
    """Whether the servers behind the addresses answer and fit."""
    return ask([postgres, _redis, _resolvable], databases)


def _redis() -> Iterator[CheckMessage]:
    try:
        about: Any = live.client().info()
    except (RedisError, ConnectionError):
        hint = "Is it running, and are host and password of REDIS_URL right?"
        yield Error("Redis does not answer.", hint=hint, id="arena.E012")
        return
    version = tuple(int(part) for part in str(about.get("redis_version", "0")).split(".")[:2])
    if version < MIN_REDIS:
        needed = ".".join(map(str, MIN_REDIS))
        yield Error(
            f"Redis {about['redis_version']} is too old.", hint=f"It must be {needed} or later.", id="arena.E013"
        )
    if (policy := about.get("maxmemory_policy", "noeviction")) != "noeviction":
        hint = "Set maxmemory-policy noeviction: a full Redis must refuse, not forget."
        yield Warning(f"Redis evicts ({policy}).", hint=hint, id="arena.W013")


def _resolvable() -> Iterator[CheckMessage]:
    env: Environment = settings.ENV
    for host in env.allowed_hosts:
        if host in LOOPBACK_HOSTS or host.startswith((".", "*")):
            continue
        try:
            socket.getaddrinfo(host, None)
        except (OSError, UnicodeError):
            hint = "Is it spelt right, and does the name point to your proxy?"
            yield Warning(f"{host} resolves to nothing here.", hint=hint, id="arena.W015")
