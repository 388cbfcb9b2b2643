"""Work promised in a transaction is delivered at least once, whatever the broker does."""

import pytest
from django.db import transaction

from arena.common import outbox, queue
from arena.common.models import OutboxMessage


@pytest.fixture(autouse=True)
def _broker_speaks():
    queue._Broker.silent_until = 0.0
    yield
    queue._Broker.silent_until = 0.0


def _waiting(valkey, name):
    return valkey.llen(name)


@pytest.mark.django_db(transaction=True)
def test_the_bell_rings_after_the_commit_and_the_row_is_gone(valkey):
    with transaction.atomic():
        outbox.enqueue(queue.GENERATE_TURN, 7)
        assert OutboxMessage.objects.count() == 1
        assert _waiting(valkey, "streams") == 0
    assert OutboxMessage.objects.count() == 0
    assert _waiting(valkey, "streams") == 1


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_change_promises_nothing(valkey):
    with transaction.atomic():
        outbox.enqueue(queue.GENERATE_TURN, 7)
        transaction.set_rollback(True)
    assert OutboxMessage.objects.count() == 0
    assert _waiting(valkey, "streams") == 0


@pytest.mark.django_db(transaction=True)
def test_a_promise_outside_a_transaction_is_an_error(valkey):
    with pytest.raises(transaction.TransactionManagementError):
        outbox.enqueue(queue.GENERATE_TURN, 7)


@pytest.mark.django_db(transaction=True)
def test_a_dead_broker_costs_no_error_and_the_relay_delivers_later(valkey, monkeypatch):
    with monkeypatch.context() as dead:
        dead.setattr(queue, "app", queue.make_app("redis://127.0.0.1:1/0"))
        with transaction.atomic():
            outbox.enqueue(queue.GENERATE_TURN, 8)
        assert OutboxMessage.objects.count() == 1
        assert outbox.relay() == 0
    queue._Broker.silent_until = 0.0
    assert outbox.relay() == 1
    assert OutboxMessage.objects.count() == 0
    assert _waiting(valkey, "streams") == 1


@pytest.mark.django_db(transaction=True)
def test_one_ring_serves_all_requests_that_coalesce(valkey):
    for _ in range(5):
        with transaction.atomic():
            outbox.enqueue(queue.REFRESH_BOARD, 3)
    assert OutboxMessage.objects.count() == 5
    assert outbox.relay() == 5
    assert _waiting(valkey, "periodic") == 1
