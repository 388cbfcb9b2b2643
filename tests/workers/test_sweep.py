"""The sweep rings for whatever was promised or forgotten."""

import json

import pytest

from arena.common.models import OutboxMessage
from arena.common.queue import REFRESH_BOARD
from tests.ballots import make_arena
from workers.periodic import sweep

pytestmark = pytest.mark.django_db(transaction=True)


def _rung(valkey, task):
    messages = [json.loads(message) for message in valkey.lrange("periodic", 0, -1)]
    return sum(message["headers"]["task"] == task for message in messages)


def test_a_board_whose_bell_was_lost_is_refreshed_all_the_same(valkey):
    make_arena()
    OutboxMessage.objects.all().delete()
    sweep()
    assert _rung(valkey, REFRESH_BOARD) == 1


def test_a_sweep_that_another_did_a_moment_ago_does_nothing(valkey):
    arena = make_arena()
    sweep()
    OutboxMessage.objects.create(task=REFRESH_BOARD, args=[arena.id])
    sweep()
    assert OutboxMessage.objects.count() == 1
