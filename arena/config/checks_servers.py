"""Checks that connect: `manage.py check --deploy --database default`.

Those tagged `servers` ask whether PostgreSQL, Redis and the names fit, before anything runs; those tagged `running`
whether the started arena is whole. Neither runs with `migrate`, nor without `--database`. Ids:

- arena.E010: PostgreSQL does not answer.
- arena.E011: PostgreSQL is too old.
- arena.E012: Redis does not answer.
- arena.E013: Redis is too old.
- arena.W013: Redis may throw away what waits in the queues.
- arena.W014: the clocks of this machine and of the database differ.
- arena.W015: a host name of the site resolves to nothing.
- arena.W016: the database does not keep every character.
- arena.E014: the database lacks migrations.
- arena.E015: no worker serves a queue.
- arena.E016: nobody rings the periodic tasks.
- arena.E017: the object store or its bucket does not answer.
- arena.W017: an open arena has fewer than two systems.
"""

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 - Django's own name
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from redis.exceptions import RedisError

from arena.arenas.selectors import open_arenas
from arena.common import heartbeat, live, queue
from arena.common.storage import StorageError
from arena.config.env import Environment
from arena.config.rules import LOOPBACK_HOSTS
from arena.systems.services import current_versions

MIN_POSTGRES: Final = 15
MIN_REDIS: Final = (6, 2)
MAX_SKEW_S: Final = 5.0
_POSTGRES_SQL: Final = "SELECT current_setting('server_version_num')::int / 10000, current_setting('server_encoding')"

Check = Callable[[], Iterator[CheckMessage]]


def _run(checks: Sequence[Check], databases: Sequence[str] | None) -> list[CheckMessage]:
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


# --- Servers -------------------------------------------------------------------------------------------------------


@register("servers", Tags.database, deploy=True)
def check_servers(databases: Sequence[str] | None = None, **_options: Any) -> list[CheckMessage]:
    """Whether the servers behind the addresses answer and fit."""
    return _run([_postgres, _clock, _redis, _resolvable], databases)


def _postgres() -> Iterator[CheckMessage]:
    with connection.cursor() as cursor:
        cursor.execute(_POSTGRES_SQL)
        version, encoding = cursor.fetchone()
    if version < MIN_POSTGRES:
        hint = f"The arena needs PostgreSQL {MIN_POSTGRES} or later."
        yield Error(f"PostgreSQL {version} is too old.", hint=hint, id="arena.E011")
    if encoding != "UTF8":
        hint = "Create the database with ENCODING 'UTF8'."
        yield Warning(f"The database's encoding is {encoding}.", hint=hint, id="arena.W016")


def _clock() -> Iterator[CheckMessage]:
    before = time.time()
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        theirs = cursor.fetchone()[0]
    skew_s = max(before - theirs, theirs - time.time(), 0.0)
    if skew_s > MAX_SKEW_S:
        hint = "The arena goes by the database's clock, certificates and cookies by this one: let NTP set both."
        yield Warning(f"This machine and the database differ by {skew_s:.0f} s.", hint=hint, id="arena.W014")


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


# --- The running arena ---------------------------------------------------------------------------------------------


@register("running", Tags.database, deploy=True)
def check_running(databases: Sequence[str] | None = None, **_options: Any) -> list[CheckMessage]:
    """Whether the started arena is whole."""
    return _run([_migrations, _parts, _bucket, _contenders], databases)


def _unapplied() -> int:
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _migrations() -> Iterator[CheckMessage]:
    if n := _unapplied():
        hint = "Run manage.py migrate before the new code serves anybody."
        yield Error(f"The database lacks {n} migrations.", hint=hint, id="arena.E014")


def _parts() -> Iterator[CheckMessage]:
    if "common_heartbeat" not in connection.introspection.table_names():
        return
    ages = heartbeat.ages_s()
    for name in sorted({doorbell.queue for doorbell in queue.DOORBELLS.values()}):
        if heartbeat.silent([f"worker:{name}"], ages):
            hint = f"Start celery -A workers.app:app worker -Q {name}."
            yield Error(f"No worker serves the queue {name}.", hint=hint, id="arena.E015")
    if heartbeat.silent([heartbeat.SWEEP], ages):
        hint = "Start celery -A workers.app:app beat, and a worker of the queue periodic."
        yield Error("Nobody rings the periodic tasks.", hint=hint, id="arena.E016")


def _bucket() -> Iterator[CheckMessage]:
    env: Environment = settings.ENV
    if env.storage != "s3":
        return
    from arena.common.bucket import open_bucket  # noqa: PLC0415 - a second of imports that a folder needs not

    keys = (env.aws_access_key_id, env.aws_secret_access_key)
    try:
        open_bucket(env.s3_endpoint_url, env.s3_bucket, *keys, patient=False).require()
    except (StorageError, ValueError) as error:
        hint = "Run python -m ops.bucket; are S3_ENDPOINT_URL and the keys right?"
        what = f"The bucket {env.s3_bucket} does not answer ({type(error).__name__})."
        yield Error(what, hint=hint, id="arena.E017")


def _contenders() -> Iterator[CheckMessage]:
    if _unapplied():
        return
    for arena in open_arenas():
        if len(current_versions(arena)) < 2:
            hint = "Register systems with manage.py register_systems, or resume paused ones."
            yield Warning(f"The arena {arena.slug} has fewer than two systems.", hint=hint, id="arena.W017")
