import os
import socket

import pytest
from django.db import connection

from tests import conftest
from tests.environment import ROOT
from tests.network import OutsideNetwork


def test_the_units_of_the_stack_phase_are_files_and_folders_that_exist():
    named = [path for unit in conftest._UNITS for path in unit]
    assert [path for path in named if not (ROOT / path).exists()] == []
    ids = [f"{path}{'' if path.endswith('.py') else 'test_x.py'}::test_it" for path in named]
    assert [conftest.unit_of(one) for one in ids] == [unit[0] for unit in conftest._UNITS for _ in unit]


@pytest.mark.django_db
def test_a_database_test_gets_a_real_postgresql():
    with connection.cursor() as cursor:
        cursor.execute("SELECT version()")
        assert cursor.fetchone()[0].startswith("PostgreSQL")


def test_valkey_answers_and_is_empty(valkey):
    assert valkey.dbsize() == 0
    assert valkey.set("key", "value")


def test_valkey_refuses_a_client_without_the_password(valkey):
    import redis

    path = os.environ["REDIS_URL"].partition("@")[2].partition("?")[0]
    stranger = redis.Redis.from_url(f"unix://{path}")
    with pytest.raises(redis.AuthenticationError):
        stranger.ping()
    stranger.close()


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("2001:db8::1", 80, 0, 0)])
def test_no_test_can_leave_the_machine(address):
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family) as outside, pytest.raises(OutsideNetwork):
        outside.connect(address)
    with pytest.raises(OutsideNetwork):
        socket.getaddrinfo("example.org", 80)
