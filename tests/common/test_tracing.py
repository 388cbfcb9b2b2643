"""One id for everything that one request sets in motion."""

import asyncio
import threading

import pytest
from django.db import transaction

from arena.common import outbox, queue, tracing
from arena.common.models import OutboxMessage

ID = "a1b2c3d4e5f6"


@pytest.mark.parametrize("text", ["12345678", "7f9c" * 8, "0e4fd4c3-95c1-4a7f-9d2e-6b5f0c1d2e3f", "x" * 64])
def test_an_id_that_proxies_make_is_valid(text):
    assert tracing.is_valid(text)


@pytest.mark.parametrize(
    "text", ["", "short", "x" * 65, "with space", 'quote"12345', "new\nline1", "é" * 10, "12345678\n"]
)
def test_what_a_log_or_a_header_could_mistake_is_no_id(text):
    assert not tracing.is_valid(text)


def test_new_ids_are_valid_and_differ():
    made = {tracing.new_id() for _ in range(100)}
    assert len(made) == 100
    assert all(map(tracing.is_valid, made))


def test_outside_a_request_there_is_none_and_a_block_ends_its_own():
    assert tracing.current() == ""
    with tracing.use(ID):
        assert tracing.current() == ID
    assert tracing.current() == ""


async def test_tasks_and_threads_of_a_request_inherit_its_id():
    async def ask():
        return tracing.current()

    with tracing.use(ID):
        assert await asyncio.create_task(ask()) == ID
        assert await asyncio.to_thread(tracing.current) == ID


def test_a_loop_in_another_thread_works_under_the_id_of_the_thread_that_asks():
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def ask():
        return tracing.current()

    try:
        with tracing.use(ID):
            assert asyncio.run_coroutine_threadsafe(ask(), loop).result(5) == ID
        assert asyncio.run_coroutine_threadsafe(ask(), loop).result(5) == ""
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


@pytest.fixture
def rung(monkeypatch):
    """Messages as the broker would get them: (task, request id)."""
    sent = []
    monkeypatch.setattr(
        queue.app, "send_task", lambda task, **given: sent.append((task, given["headers"]["request_id"]))
    )
    monkeypatch.setattr(queue._Broker, "silent_until", 0.0)
    return sent


@pytest.mark.django_db(transaction=True)
def test_promised_work_carries_the_id_in_its_row_and_in_its_message(rung):
    with tracing.use(ID), transaction.atomic():
        outbox.enqueue(queue.GENERATE_TURN, 7)
        assert OutboxMessage.objects.get().request_id == ID
    assert rung == [(queue.GENERATE_TURN, ID)]


@pytest.mark.django_db(transaction=True)
def test_the_relay_rings_under_the_id_of_the_row_and_once_for_many_under_the_latest(rung):
    for request_id in (ID, f"{ID}-2"):
        with tracing.use(request_id), transaction.atomic():
            outbox.enqueue(queue.REFRESH_BOARD, 1)
    assert outbox.relay() == 2
    assert rung == [(queue.REFRESH_BOARD, f"{ID}-2")]
    assert tracing.current() == ""
