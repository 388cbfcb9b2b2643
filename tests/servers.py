"""Where a stack's rows and messages live: on the run's servers, or on others that look the same from outside."""

import contextlib
import os
import secrets
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis

from ops.homes import postgres_bin, service_user
from tests.environment import claim_database, ensure_services, release_database, run_lock

#: Migrated once a run; every stack's database is a copy.
_TEMPLATE = "arena_stack_template"


class Servers(Protocol):
    """Where a stack's rows and messages live."""

    database_url: str
    redis_url: str

    def create(self, migrate: Callable[[str], object]) -> None:
        """Make the database; `migrate(database_url)` gives one its tables."""
        ...

    def drop(self) -> None:
        """Take everything away; the stack's processes have ended."""
        ...


def _url_of(database: str) -> str:
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}"))


@contextlib.contextmanager
def _migrated(migrate: Callable[[str], object]) -> "Iterator[psycopg.Connection[Any]]":
    """Have the template, which the first stack of the run migrates while others wait; nobody is in it meanwhile."""
    ensure_services()
    with run_lock("template"), psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_TEMPLATE]).fetchone()
        if not known:
            connection.execute(f'CREATE DATABASE "{_TEMPLATE}"')
            migrate(_url_of(_TEMPLATE))
        yield connection


def fill_from_template(database_url: str, migrate: Callable[[str], object]) -> None:
    """Make what the template holds in the empty database of another server; costs a tenth of the migrations."""
    programs = postgres_bin(Path("/nowhere"), service_user())
    plain = ("--no-owner", "--no-privileges")
    with _migrated(migrate):
        dump = subprocess.run(
            [programs / "pg_dump", "--format=custom", *plain, _url_of(_TEMPLATE)],
            cwd="/",
            check=True,
            capture_output=True,
        ).stdout
    subprocess.run(
        [programs / "pg_restore", "--exit-on-error", *plain, f"--dbname={database_url}"],
        cwd="/",
        check=True,
        input=dump,
    )


class SharedServers:
    """A database and a broker of its own on the run's PostgreSQL and Valkey."""

    def __init__(self) -> None:
        ensure_services()
        self._admin_url = os.environ["DATABASE_URL"]
        self._database = f"arena_stack_{secrets.token_hex(4)}"
        self.database_url = _url_of(self._database)
        self._redis_database = claim_database()
        self.redis_url = f"{os.environ['REDIS_URL'].partition('?')[0]}?db={self._redis_database}"

    def create(self, migrate: Callable[[str], object]) -> None:
        """Copy the template."""
        with _migrated(migrate) as connection:
            connection.execute(f'CREATE DATABASE "{self._database}" TEMPLATE "{_TEMPLATE}"')

    def drop(self) -> None:
        """Drop the database, empty the broker and give it back."""
        with psycopg.connect(self._admin_url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{self._database}" WITH (FORCE)')
        with redis.Redis.from_url(self.redis_url) as valkey:
            valkey.flushdb()
        release_database(self._redis_database)
