"""Checks that connect find each mistake, on real servers where one can be made there."""

import dataclasses
import socket
import time
from types import SimpleNamespace

import boto3
import pytest
import redis
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from moto.server import ThreadedMotoServer

from arena.common import heartbeat, live, queue
from arena.config import checks_servers
from arena.config.checks_servers import check_running, check_servers
from tests.ballots import make_arena, make_version


@pytest.fixture
def environment(settings):
    """Change the environment that the checks see."""

    def change(**changes):
        settings.ENV = dataclasses.replace(settings.ENV, **changes)

    return change


@pytest.fixture
def whole(db):
    """An arena of which every part runs."""
    for name in sorted({doorbell.queue for doorbell in queue.DOORBELLS.values()}):
        heartbeat.beat(f"worker:{name}")
    heartbeat.beat(heartbeat.SWEEP)
    arena = make_arena()
    for name in ("Ada", "Bert"):
        make_version(arena, name)
    return arena


def ids(check):
    return [message.id for message in check(databases=["default"])]


# --- Servers -------------------------------------------------------------------------------------------------------


def test_good_servers_have_nothing_to_report(db, valkey):
    assert ids(check_servers) == []


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


def test_an_old_postgresql_is_reported(db, valkey, monkeypatch):
    monkeypatch.setattr(checks_servers, "MIN_POSTGRES", 99)
    assert ids(check_servers) == ["arena.E011"]


def test_a_database_that_does_not_keep_every_character_is_reported(db, valkey, monkeypatch):
    monkeypatch.setattr(
        checks_servers,
        "_POSTGRES_SQL",
        checks_servers._POSTGRES_SQL.replace("current_setting('server_encoding')", "'LATIN1'"),
    )
    assert ids(check_servers) == ["arena.W016"]


@pytest.mark.parametrize("offset_s", [-60, 60])
def test_a_clock_that_is_off_is_reported(db, valkey, monkeypatch, offset_s):
    monkeypatch.setattr(checks_servers, "time", SimpleNamespace(time=lambda: time.time() + offset_s))
    assert ids(check_servers) == ["arena.W014"]


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


# --- The running arena ---------------------------------------------------------------------------------------------


def test_a_whole_arena_has_nothing_to_report(whole):
    assert ids(check_running) == []


def test_a_pending_migration_is_reported(whole):
    MigrationRecorder.Migration.objects.filter(app="rankings").order_by("-id").first().delete()
    assert ids(check_running) == ["arena.E014"]


def test_a_queue_without_a_worker_is_reported_by_its_name(whole):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM common_heartbeat WHERE name = 'worker:cpu'")
    (message,) = check_running(databases=["default"])
    assert (message.id, message.msg) == ("arena.E015", "No worker serves the queue cpu.")


def test_an_absent_beat_is_reported(whole):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE common_heartbeat SET beat_at = now() - interval '5 minutes' WHERE name = 'sweep'")
    assert ids(check_running) == ["arena.E016"]


def test_a_missing_bucket_is_reported_until_it_is_made(whole, environment, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "us-east-1")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        environment(storage="s3", s3_endpoint_url=f"http://{host}:{port}", s3_bucket="arena-checks")
        assert ids(check_running) == ["arena.E017"]
        boto3.client("s3", endpoint_url=f"http://{host}:{port}").create_bucket(Bucket="arena-checks")
        assert ids(check_running) == []
    finally:
        server.stop()
    assert ids(check_running) == ["arena.E017"]


def test_an_arena_that_cannot_hold_a_battle_is_reported(whole):
    make_arena(slug="music")
    (message,) = check_running(databases=["default"])
    assert (message.id, "music" in message.msg) == ("arena.W017", True)


# --- The command ---------------------------------------------------------------------------------------------------


def test_the_command_runs_them_only_when_it_is_told_to_connect(db):
    call_command("check", tags=["running"], deploy=True)
    with pytest.raises(SystemCheckError, match=r"arena\.E016"):
        call_command("check", tags=["running"], deploy=True, databases=["default"])
