"""Whether PostgreSQL is one that an arena can live on; `checks_servers` asks. Ids:

- arena.E011: it is too old.
- arena.E018: it may lose what it has acknowledged.
- arena.E019: it takes no writes.
- arena.W014: its clock and that of this machine differ.
- arena.W016: it does not keep every character.
- arena.W022: a power cut may damage its files.
- arena.W023: its indexes were sorted by other rules of language than it knows now.
"""

import time
from collections.abc import Iterator
from typing import Any, Final

from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 - Django's own name
from django.db import connection

MIN_POSTGRES: Final = 15
MAX_SKEW_S: Final = 5.0
#: While one of these is off, a vote that was thanked for may be gone after a crash.
LASTING: Final = ("fsync", "synchronous_commit")
#: Off is right on file systems that never write half of a page, such as ZFS.
WHOLE_PAGES: Final = "full_page_writes"
_ABOUT_SQL: Final = "SELECT current_setting('server_version_num')::int / 10000, current_setting('server_encoding')"
_OFF_SQL: Final = "SELECT name FROM pg_settings WHERE name = ANY(%s) AND setting = 'off' ORDER BY name"
_READ_ONLY_SQL: Final = "SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool"
_COLLATION_SQL: Final = (
    "SELECT datcollversion, pg_database_collation_actual_version(oid) FROM pg_database "
    "WHERE datname = current_database()"
)


def postgres() -> Iterator[CheckMessage]:
    """Every finding; those that an older server could not answer are left out there."""
    version, encoding = _row(_ABOUT_SQL)
    if version < MIN_POSTGRES:
        hint = f"The arena needs PostgreSQL {MIN_POSTGRES} or later."
        yield Error(f"PostgreSQL {version} is too old.", hint=hint, id="arena.E011")
        return
    if encoding != "UTF8":
        hint = "Create the database with ENCODING 'UTF8'."
        yield Warning(f"The database's encoding is {encoding}.", hint=hint, id="arena.W016")
    yield from _lasting()
    yield from _writable()
    yield from _collation()
    yield from _clock()


def _row(sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()


def _lasting() -> Iterator[CheckMessage]:
    with connection.cursor() as cursor:
        cursor.execute(_OFF_SQL, [[*LASTING, WHOLE_PAGES]])
        off = [name for (name,) in cursor.fetchall()]
    if lossy := [name for name in off if name in LASTING]:
        hint = "Switch it on: after a power cut, votes that visitors were thanked for would be gone."
        yield Error(f"PostgreSQL runs with {' and '.join(lossy)} off.", hint=hint, id="arena.E018")
    if WHOLE_PAGES in off:
        hint = "Switch it on, unless the file system never writes half of a page (ZFS does not)."
        yield Warning(f"PostgreSQL runs with {WHOLE_PAGES} off.", hint=hint, id="arena.W022")


def _writable() -> Iterator[CheckMessage]:
    if _row(_READ_ONLY_SQL)[0]:
        hint = "Let DATABASE_URL name the primary, and leave default_transaction_read_only off."
        yield Error("PostgreSQL takes no writes here.", hint=hint, id="arena.E019")


def _collation() -> Iterator[CheckMessage]:
    before, now = _row(_COLLATION_SQL)
    if before != now:
        hint = "REINDEX DATABASE, then ALTER DATABASE … REFRESH COLLATION VERSION: unique columns may hold doubles."
        yield Warning(f"The database was sorted by version {before}, and is now by {now}.", hint=hint, id="arena.W023")


def _clock() -> Iterator[CheckMessage]:
    before = time.time()
    theirs = _row("SELECT extract(epoch FROM clock_timestamp())::float8")[0]
    skew_s = max(before - theirs, theirs - time.time(), 0.0)
    if skew_s > MAX_SKEW_S:
        hint = "The arena goes by the database's clock, certificates and cookies by this one: let NTP set both."
        yield Warning(f"This machine and the database differ by {skew_s:.0f} s.", hint=hint, id="arena.W014")
