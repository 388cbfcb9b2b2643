"""Checks that connect before anything runs find each mistake, on real servers where one can be made there."""

import socket
from types import SimpleNamespace

import pytest
import redis
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import OperationalError

from arena.common import live
from arena.config import checks_postgres, checks_servers
from arena.config.checks_running import check_running
from arena.config.checks_servers import check_servers
from tests.config.conftest import ids


@pytest.fixture(autouse=True)
def other_servers(monkeypatch):
    """PostgreSQL has a module of tests of its own."""
    monkeypatch.setattr(checks_servers, "postgres", lambda: iter(()))


def test_good_servers_have_nothing_to_report(db, valkey):
    assert ids(check_servers) == []


def test_postgresql_is_among_them(db, valkey, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(checks_postgres, "MIN_POSTGRES", 99)
    assert ids(check_servers) == ["arena.E011"]


def test_without_leave_to_connect_nothing_is_asked():
    # No `db` fixture: a query would fail this test.
    assert check_servers(databases=None) == check_running(databases=None) == []


@pytest.mark.parametrize("check", [check_servers, check_running])
def test_a_database_that_is_away_is_one_clear_sentence_without_its_password(db, monkeypatch, environment, check):
    def away():
        raise OperationalError("password=hunter2")

    environment(database_url="postgresql://arena:hunter2@db.example:6432/arena")
    monkeypatch.setattr(checks_servers, "connection", SimpleNamespace(ensure_connection=away))
    (message,) = check(databases=["default"])
    assert message.id == "arena.E010"
    assert message.msg == "PostgreSQL at db.example:6432 does not answer."


def test_a_redis_that_is_away_is_reported(db, monkeypatch):
    away = redis.Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=0.2)
    monkeypatch.setattr(live, "client", lambda: away)
    assert ids(check_servers) == ["arena.E012"]
    away.close()


def test_an_old_redis_is_reported(db, valkey, monkeypatch):
    monkeypatch.setattr(checks_servers, "MIN_REDIS", (99, 0))
    assert ids(check_servers) == ["arena.E013"]


def test_a_redis_that_forgets_is_reported(db, valkey):
    valkey.config_set("maxmemory-policy", "allkeys-lru")
    try:
        assert ids(check_servers) == ["arena.W013"]
    finally:
        valkey.config_set("maxmemory-policy", "noeviction")


def test_a_host_that_leads_nowhere_is_reported(db, valkey, environment, monkeypatch):
    def unknown(host, _port):
        raise socket.gaierror(f"{host}: name or service not known")

    monkeypatch.setattr(checks_servers, "socket", SimpleNamespace(getaddrinfo=unknown))
    environment(allowed_hosts=["127.0.0.1", ".wildcard.example", "nowhere.invalid"])
    assert ids(check_servers) == ["arena.W015"]


def test_the_command_runs_them_only_when_it_is_told_to_connect(db):
    call_command("check", tags=["running"], deploy=True)
    with pytest.raises(SystemCheckError, match=r"arena\.E016"):
        call_command("check", tags=["running"], deploy=True, databases=["default"])
