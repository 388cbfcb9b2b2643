"""Servers are told whose a connection is, and no pool grows beyond its setting, however many ask at once."""

import asyncio
import gc
import threading
from collections import Counter
from collections.abc import Callable, Container, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.db.utils import ConnectionHandler

from arena.common import connections, live, queue
from ops.processes import wait_until

ASKERS = 24


@pytest.fixture(scope="module")
def let_go(services: None) -> None:
    """No connection is open of clients that the tests of other modules let go."""
    gc.collect()


@pytest.fixture
def calls(let_go: None) -> Iterator[None]:
    """A client of its own, whose connections are closed again."""
    live.client().connection_pool.disconnect()
    live.client.cache_clear()
    yield
    live.client().connection_pool.disconnect()
    live.client.cache_clear()


def at_once(ask: Callable[[], object]) -> list[object]:
    """Call it from many threads at the same moment, several times each."""
    together = threading.Barrier(ASKERS, timeout=30)

    def asker(_n: int) -> list[object]:
        together.wait()
        return [ask() for _ in range(5)]

    with ThreadPoolExecutor(ASKERS) as threads:
        return [answer for answers in threads.map(asker, range(ASKERS)) for answer in answers]


def opened(besides: Container[str] = ()) -> Counter[str]:
    """Connections of Valkey by name, but for those with these numbers."""
    return Counter(client["name"] for client in live.client().client_list() if client["id"] not in besides)


def test_postgresql_is_told_which_process_a_connection_belongs_to(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT application_name FROM pg_stat_activity WHERE pid = pg_backend_pid()")
        assert cursor.fetchone() == (connections.name_of("database"),)


def test_short_calls_from_many_threads_share_no_more_connections_than_allowed(calls: None) -> None:
    answers = at_once(lambda: live.client().eval("local n = 0; for i = 1, 20000 do n = n + i end; return n", 0))
    assert answers == [200010000] * ASKERS * 5
    assert 1 < opened()[connections.name_of("calls")] <= settings.ARENA_REDIS_POOL_SIZE < ASKERS


def test_messages_of_many_threads_share_no_more_connections_than_allowed(calls: None) -> None:
    try:
        assert all(at_once(lambda: queue.ring(queue.TRY_LOCAL, 0)))
        assert 1 <= opened()[connections.name_of("messages")] <= settings.ARENA_REDIS_POOL_SIZE < ASKERS
    finally:
        live.client().delete(queue.DOORBELLS[queue.TRY_LOCAL].queue)


async def test_live_streams_of_many_tasks_share_no_more_connections_than_allowed(calls: None) -> None:
    client = live.async_client()
    # The loop that other tests started in this process holds some.
    others = {one["id"] for one in live.client().client_list()}
    try:
        await asyncio.gather(*(client.xread({f"live:{n}": "0"}, block=20) for n in range(ASKERS)))
        assert opened(besides=others)[connections.name_of("streams")] == settings.ARENA_REDIS_POOL_SIZE
    finally:
        await client.aclose()


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """The process's connection with these options, and a pool of its own if any."""
    used: list[Any] = []

    def with_options(**options: object) -> Any:
        ours = settings.DATABASES["default"]
        others = {name: value for name, value in ours["OPTIONS"].items() if name != "pool"}
        used.append(ConnectionHandler({"default": {**ours, "OPTIONS": others | options}})["default"])
        used[-1]._connection_pools = {}  # Django keeps them by alias, and the tests' own is called the same
        monkeypatch.setattr(connections, "connection", used[-1])
        return used[-1]

    yield with_options
    for one in used:
        one.close_pool()


def test_a_connection_is_busy_until_it_is_given_back(db: None, database: Callable[..., Any]) -> None:
    used = database(pool={"min_size": 1, "max_size": 2})
    assert connections.database_most() == 2
    used.ensure_connection()
    # One that the pool is still opening counts until it is there.
    assert wait_until(lambda: connections.database_busy() == 1, timeout_s=5)
    used.close()
    assert wait_until(lambda: connections.database_busy() == 0, timeout_s=5)


def test_without_a_pool_no_connection_of_it_is_busy(database: Callable[..., Any]) -> None:
    database()
    assert connections.database_busy() == 0
    assert connections.database_most() == 2
