"""The checks of a started arena find what it lacks, on real servers where it can be taken away there."""

import json

import boto3
import httpx
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django_otp.plugins.otp_totp.models import TOTPDevice

from arena.common import connections, heartbeat, queue
from arena.common.models import ProcessReport
from arena.config.checks_running import check_running
from arena.systems.makers import kept_backend
from arena.systems.models import System, SystemVersion
from data_releases.models import Release
from tests.ballots import make_arena
from tests.config.conftest import ids
from tests.contenders import replay_system
from tests.s3 import s3_server


@pytest.fixture
def whole(db, valkey, tmp_path):
    """An arena of which every part runs."""
    for name in sorted({doorbell.queue for doorbell in queue.DOORBELLS.values()}):
        heartbeat.beat(f"worker:{name}")
    heartbeat.beat(heartbeat.SWEEP)
    arena = make_arena()
    for name in ("Ada", "Bert"):
        replay_system(arena, name, {"Hello": f"I am {name}."}, tmp_path)
    TOTPDevice.objects.create(user=User.objects.create_superuser("olga"), name="Authenticator app")
    return arena


def said():
    (message,) = check_running(databases=["default"])
    return message.id, message.msg


def test_a_whole_arena_has_nothing_to_report(whole):
    assert ids(check_running) == []


def test_a_pending_migration_is_reported(whole):
    MigrationRecorder.Migration.objects.filter(app="rankings").order_by("-id").first().delete()
    assert ids(check_running) == ["arena.E014"]


def test_a_queue_without_a_worker_is_reported_by_its_name(whole):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM common_heartbeat WHERE name = 'worker:cpu'")
    assert said() == ("arena.E015", "No worker serves the queue cpu.")


def test_an_absent_beat_is_reported(whole):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE common_heartbeat SET beat_at = now() - interval '5 minutes' WHERE name = 'sweep'")
    assert ids(check_running) == ["arena.E016"]


# --- Contenders ----------------------------------------------------------------------------------------------------


def test_an_arena_that_cannot_hold_a_battle_is_reported(whole):
    make_arena(slug="music")
    told, sentence = said()
    assert (told, "music" in sentence) == ("arena.W017", True)


@pytest.fixture
def keyed(whole):
    """A third system, which needs a key."""
    kept_backend.cache_clear()
    endpoint = {"base_url": "https://api.example/v1", "model": "m", "api_key_env": "CLEO_API_KEY"}
    return SystemVersion.objects.create(
        system=System.objects.create(arena=whole, name="Cleo"),
        number=1,
        organisation="Cleo Ltd",
        access="open",
        licence="MIT",
        backend="openai_http",
        endpoint=endpoint,
        behaviour="cleo",
    )


def test_a_system_whose_key_is_not_set_is_reported_until_it_is(keyed, monkeypatch):
    told, sentence = said()
    assert told == "arena.W028"
    assert sentence == (
        "Cleo of the arena text cannot be called from here: neither CLEO_API_KEY nor CLEO_API_KEY_FILE is set."
    )
    monkeypatch.setenv("CLEO_API_KEY", "sk-1")
    assert ids(check_running) == []


def test_a_system_whose_key_file_cannot_be_read_is_reported(keyed, monkeypatch, tmp_path):
    monkeypatch.setenv("CLEO_API_KEY_FILE", str(tmp_path / "missing"))
    told, sentence = said()
    assert (told, sentence.endswith("CLEO_API_KEY: cannot be read.")) == ("arena.W028", True)


def test_a_system_that_is_paused_needs_no_key(keyed):
    keyed.system.is_paused = True
    keyed.system.save()
    assert ids(check_running) == []


# --- Connections ---------------------------------------------------------------------------------------------------


def _processes(n, most):
    gauges = {connections.MOST: most}
    ProcessReport.objects.bulk_create(ProcessReport(id=f"web@host:{m}", kind="web", gauges=gauges) for m in range(n))


def test_more_connections_than_postgresql_takes_are_reported_before_it_refuses_any(whole):
    _processes(5, 16)
    assert ids(check_running) == []
    ProcessReport.objects.filter(id="web@host:0").update(gauges={connections.MOST: 100_000})
    told, sentence = said()
    assert told == "arena.W024"
    assert sentence.startswith("5 processes may open 100064 connections, and PostgreSQL takes ")


def test_more_connections_than_redis_takes_are_reported(whole, valkey):
    takes = int(valkey.config_get("maxclients")["maxclients"])
    enough = takes // connections.redis_most()
    _processes(enough + 1, 0)
    assert ids(check_running) == ["arena.W025"]
    ProcessReport.objects.filter(id="web@host:0").delete()
    assert ids(check_running) == []


# --- Operators -----------------------------------------------------------------------------------------------------


def test_an_arena_that_nobody_can_steer_is_reported(whole):
    User.objects.update(is_active=False)
    assert said() == ("arena.W026", "Nobody can open the admin.")


def test_an_operator_who_has_a_password_alone_is_reported_by_name(whole, settings):
    User.objects.create_user("vera", is_staff=True)
    User.objects.create_user("mallory")
    assert said() == ("arena.W027", "The operator vera has no second factor.")
    settings.ARENA_ADMIN_SECOND_FACTOR = False
    assert ids(check_running) == []


# --- Storage and releases ------------------------------------------------------------------------------------------


@pytest.fixture
def store(environment, monkeypatch):
    """An S3 server, which at first asks nobody for a key."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "us-east-1")
    with s3_server() as (server, url):
        environment(storage="s3", s3_endpoint_url=url, s3_bucket="arena-checks")
        yield server, url


def test_a_missing_bucket_is_reported_until_it_is_made_and_one_that_everybody_can_list_is(whole, store):
    server, url = store
    assert ids(check_running) == ["arena.E017"]
    boto3.client("s3", endpoint_url=url).create_bucket(Bucket="arena-checks")
    assert ids(check_running) == ["arena.E020"]
    server.stop()
    assert ids(check_running) == ["arena.E017"]


def test_a_bucket_that_opens_to_its_keys_alone_is_fine(whole, store, environment):
    _server, url = store
    boto3.client("s3", endpoint_url=url).create_bucket(Bucket="arena-of-keys")
    iam = boto3.client("iam", endpoint_url=url)
    iam.create_user(UserName="arena")
    policy = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}
    iam.put_user_policy(UserName="arena", PolicyName="all", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName="arena")["AccessKey"]
    secret = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    environment(s3_bucket="arena-of-keys", **secret)
    httpx.post(f"{url}/moto-api/reset-auth", content="0").raise_for_status()
    try:
        assert ids(check_running) == []
    finally:
        httpx.post(f"{url}/moto-api/reset-auth", content="Infinity").raise_for_status()


def test_a_signer_that_hangs_on_another_key_is_reported_once_there_is_a_release(whole, settings):
    settings.ARENA_RELEASE_KEY = ""
    assert ids(check_running) == []
    window = {"window_start": "2026-10-01", "window_end": "2026-11-01", "embargo_days": 30}
    Release.objects.create(arena=whole, name="2026-10", **window)
    assert ids(check_running) == ["arena.W029"]
    settings.ARENA_RELEASE_KEY = "ab" * 32
    assert ids(check_running) == []
