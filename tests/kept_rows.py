"""Rows that all tests of a module read: made once, in a transaction around the module."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.test import TestCase
from pytest_django import DjangoDbBlocker


@contextmanager
def kept_rows(blocker: DjangoDbBlocker) -> Iterator[None]:
    """What a fixture of a module writes in here stays until its end; each of the module's tests rolls back to it.

    Not where a test of the module commits: the fixture also asks for `django_db_setup`.
    """
    with blocker.unblock():
        # As a test has one, so that what wants to be the outermost may nest.
        atomics = TestCase._enter_atomics()
        try:
            yield
        finally:
            TestCase._rollback_atomics(atomics)
