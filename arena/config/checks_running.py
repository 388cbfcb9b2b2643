"""Checks of the started arena: `manage.py check --deploy --database default --tag running`. Ids:

- arena.E014: the database lacks migrations.
- arena.E015: no worker serves a queue.
- arena.E016: nobody rings the periodic tasks.
- arena.E017: the object store or its bucket does not answer.
- arena.E020: everybody can list the bucket.
- arena.W017: an open arena has fewer than two systems.
- arena.W024: the processes may open more connections than PostgreSQL takes.
- arena.W025: the processes may open more connections than Redis takes.
- arena.W026: nobody can open the admin.
- arena.W027: an operator has no second factor.
- arena.W028: a system cannot be called from here: its key is missing, or something else that it names.
- arena.W029: releases are signed with a key that changes with another one.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import User
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 - Django's own name
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django_otp.plugins.otp_totp.models import TOTPDevice
from redis.exceptions import RedisError

from arena.arenas.selectors import open_arenas
from arena.common import connections, heartbeat, live, processes, queue
from arena.common.storage import StorageError
from arena.config.checks_servers import ask
from arena.config.env import Environment
from arena.systems.services import current_versions, fault_of
from data_releases.models import Release

_TAKES_SQL: Final = (
    "SELECT sum(CASE name WHEN 'max_connections' THEN setting::int ELSE -setting::int END) FROM pg_settings "
    "WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections')"
)


@register("running", Tags.database, deploy=True)
def check_running(databases: Sequence[str] | None = None, **_options: Any) -> list[CheckMessage]:
    """Whether the started arena is whole."""
    return ask([_rows, _bucket], databases)


def _rows() -> Iterator[CheckMessage]:
    """What the tables tell, where there are all of them."""
    executor = MigrationExecutor(connection)
    if lacking := len(executor.migration_plan(executor.loader.graph.leaf_nodes())):
        hint = "Run manage.py migrate before the new code serves anybody."
        yield Error(f"The database lacks {lacking} migrations.", hint=hint, id="arena.E014")
        return
    for check in (_parts, _contenders, _connections, _operators, _signer):
        yield from check()


def _parts() -> Iterator[CheckMessage]:
    ages = heartbeat.ages_s()
    for name in sorted({doorbell.queue for doorbell in queue.DOORBELLS.values()}):
        if heartbeat.silent([f"worker:{name}"], ages):
            hint = f"Start celery -A workers.app:app worker -Q {name}."
            yield Error(f"No worker serves the queue {name}.", hint=hint, id="arena.E015")
    if heartbeat.silent([heartbeat.SWEEP], ages):
        hint = "Start celery -A workers.clock:app beat, and a worker of the queue periodic."
        yield Error("Nobody rings the periodic tasks.", hint=hint, id="arena.E016")


def _contenders() -> Iterator[CheckMessage]:
    for arena in open_arenas():
        versions = current_versions(arena)
        if len(versions) < 2:
            hint = "Register systems with manage.py register_systems, or resume paused ones."
            yield Warning(f"The arena {arena.slug} has fewer than two systems.", hint=hint, id="arena.W017")
        for version in versions:
            if fault := fault_of(version):
                hint = "Give every worker what it needs, or pause it: until then it is not drawn."
                what = f"{version.system} of the arena {arena.slug} cannot be called from here: {fault}."
                yield Warning(what, hint=hint, id="arena.W028")


def _connections() -> Iterator[CheckMessage]:
    alive = processes.alive()
    most = sum(int(one.gauges.get(connections.MOST, 0)) for one in alive)
    with connection.cursor() as cursor:
        cursor.execute(_TAKES_SQL)
        takes = int(cursor.fetchone()[0])
    if most > takes:
        hint = "Raise max_connections, or lower ARENA_DB_POOL_SIZE or the number of processes."
        what = f"{len(alive)} processes may open {most} connections, and PostgreSQL takes {takes}."
        yield Warning(what, hint=hint, id="arena.W024")
    try:
        about: Any = live.client().info("clients")
    except (RedisError, ConnectionError):
        return  # told by the checks of the servers
    most, takes = len(alive) * connections.redis_most(), int(about.get("maxclients", 0))
    if takes and most > takes:
        hint = "Raise maxclients, or lower ARENA_REDIS_POOL_SIZE or the number of processes."
        what = f"{len(alive)} processes may open {most} connections, and Redis takes {takes}."
        yield Warning(what, hint=hint, id="arena.W025")


def _operators() -> Iterator[CheckMessage]:
    staff = User.objects.filter(is_active=True, is_staff=True).order_by("username")
    if not staff:
        hint = "Run manage.py createsuperuser."
        yield Warning("Nobody can open the admin.", hint=hint, id="arena.W026")
    if not settings.ARENA_ADMIN_SECOND_FACTOR:
        return
    for user in staff.exclude(pk__in=TOTPDevice.objects.filter(confirmed=True).values("user")):
        hint = "Log in at /admin/ now and set it up, or switch the account off: whoever guesses the password may."
        yield Warning(f"The operator {user.username} has no second factor.", hint=hint, id="arena.W027")


def _signer() -> Iterator[CheckMessage]:
    if not settings.ARENA_RELEASE_KEY and Release.objects.exists():
        hint = "Set ARENA_RELEASE_KEY (openssl rand -hex 32): with another ARENA_SECRET_KEY they get another signer."
        yield Warning("Releases are signed with a key derived from ARENA_SECRET_KEY.", hint=hint, id="arena.W029")


def _bucket() -> Iterator[CheckMessage]:
    env: Environment = settings.ENV
    if env.storage != "s3":
        return
    from arena.common.bucket import is_listed_by_anybody, open_bucket  # noqa: PLC0415 - a second of imports

    keys = (env.aws_access_key_id, env.aws_secret_access_key)
    try:
        open_bucket(env.s3_endpoint_url, env.s3_bucket, *keys, patient=False).require()
    except (StorageError, ValueError) as error:
        hint = "Run python -m ops.bucket; are S3_ENDPOINT_URL and the keys right?"
        what = f"The bucket {env.s3_bucket} does not answer ({type(error).__name__})."
        yield Error(what, hint=hint, id="arena.E017")
        return
    if is_listed_by_anybody(env.s3_endpoint_url, env.s3_bucket):
        hint = "Let these keys alone open it: what systems sent lies there before the vote."
        yield Error(f"Everybody can list the bucket {env.s3_bucket}.", hint=hint, id="arena.E020")
