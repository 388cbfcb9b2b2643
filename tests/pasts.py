"""Pasts that a test needs, and that the database refuses to make up."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

_KEPT = ("votes_vote", "rankings_snapshot", "rankings_rating", "rankings_study")


@contextmanager
def rewritten() -> Iterator[None]:
    """What the triggers that keep rows as they were refuse goes through meanwhile; for the tables' owner alone."""
    with transaction.atomic(), connection.cursor() as cursor:
        # A table with deferred checks to come cannot be altered.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in _KEPT:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        for table in _KEPT:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
