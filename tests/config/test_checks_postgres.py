"""Whether PostgreSQL fits: each mistake is made on the tests' own server where its session can make it."""

import os
import time
from types import SimpleNamespace

import pytest
from django.db import connection

from arena.config import checks_postgres
from arena.config.checks_postgres import postgres


@pytest.fixture(autouse=True)
def lasting(db, monkeypatch):
    """The tests' server writes nothing to its disk on purpose; what a session can switch stays to be asked for."""
    monkeypatch.setattr(checks_postgres, "LASTING", ("synchronous_commit",))
    monkeypatch.setattr(checks_postgres, "WHOLE_PAGES", "no such setting")
    switch(synchronous_commit="on")


def switch(**changes):
    with connection.cursor() as cursor:
        for name, value in changes.items():
            cursor.execute(f"SET LOCAL {name} = {value}")


def found():
    return [message.id for message in postgres()]


def test_a_good_server_has_nothing_to_report():
    assert found() == []


def test_an_old_server_is_reported_and_asked_nothing_else(monkeypatch):
    monkeypatch.setattr(checks_postgres, "MIN_POSTGRES", 99)
    switch(synchronous_commit="off")
    assert found() == ["arena.E011"]


def test_a_database_that_does_not_keep_every_character_is_reported(monkeypatch):
    sql = checks_postgres._ABOUT_SQL.replace("current_setting('server_encoding')", "'LATIN1'")
    monkeypatch.setattr(checks_postgres, "_ABOUT_SQL", sql)
    assert found() == ["arena.W016"]


def test_a_server_that_does_not_wait_for_its_disk_is_reported():
    switch(synchronous_commit="off")
    assert found() == ["arena.E018"]


@pytest.mark.skipif("TEST_DATABASE_URL" in os.environ, reason="TEST_DATABASE_URL may name a server that lasts")
def test_whatever_makes_a_crash_cost_votes_is_named(monkeypatch):
    monkeypatch.undo()
    told = {message.id: message.msg for message in postgres()}
    assert told == {
        "arena.E018": "PostgreSQL runs with fsync off.",
        "arena.W022": "PostgreSQL runs with full_page_writes off.",
    }


def test_a_server_that_takes_no_writes_is_reported():
    switch(default_transaction_read_only="on")
    assert found() == ["arena.E019"]


def test_an_order_of_letters_that_changed_under_the_indexes_is_reported(monkeypatch):
    monkeypatch.setattr(checks_postgres, "_COLLATION_SQL", "SELECT '2.36', '2.41'")
    (message,) = postgres()
    assert (message.id, "2.36" in message.msg, "2.41" in message.msg) == ("arena.W023", True, True)


@pytest.mark.parametrize("offset_s", [-60, 60])
def test_a_clock_that_is_off_is_reported(monkeypatch, offset_s):
    monkeypatch.setattr(checks_postgres, "time", SimpleNamespace(time=lambda: time.time() + offset_s))
    assert found() == ["arena.W014"]
