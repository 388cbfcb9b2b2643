"""Where a stack's rows and messages live: on the run's servers, or on others that look the same from outside."""

import os
import secrets
from collections.abc import Callable
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis

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


class SharedServers:
    """A database and a broker of its own on the run's PostgreSQL and Valkey."""

    def __init__(self) -> None:
        ensure_services()
        self._admin_url = os.environ["DATABASE_URL"]
        self._database = f"arena_stack_{secrets.token_hex(4)}"
        self.database_url = self._url_of(self._database)
        self._redis_database = claim_database()
        self.redis_url = f"{os.environ['REDIS_URL'].partition('?')[0]}?db={self._redis_database}"

    def create(self, migrate: Callable[[str], object]) -> None:
        """Copy the template, which the first stack of the run migrates while the others wait."""
        with run_lock("template"), psycopg.connect(self._admin_url, autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_TEMPLATE]).fetchone()
            if not known:
                connection.execute(f'CREATE DATABASE "{_TEMPLATE}"')
                migrate(self._url_of(_TEMPLATE))
            connection.execute(f'CREATE DATABASE "{self._database}" TEMPLATE "{_TEMPLATE}"')

    def drop(self) -> None:
        """Drop the database, empty the broker and give it back."""
        with psycopg.connect(self._admin_url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{self._database}" WITH (FORCE)')
        with redis.Redis.from_url(self.redis_url) as valkey:
            valkey.flushdb()
        release_database(self._redis_database)

    def _url_of(self, database: str) -> str:
        return urlunsplit(urlsplit(self._admin_url)._replace(path=f"/{database}"))
