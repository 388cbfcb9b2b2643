"""A message that comes more than once: one delivery after the other, and several at the same moment."""

import threading
from collections.abc import Callable
from typing import Any, Final

import pytest
from django.db import connection


def twice(task: Callable[..., Any], *args: Any) -> None:
    """One after the other."""
    task(*args)
    task(*args)


def at_once(task: Callable[..., Any], *args: Any, copies: int = 4) -> None:
    """At the same moment, each by a worker thread of its own; none may fail."""
    gate, failures = threading.Barrier(copies, timeout=30), []

    def deliver() -> None:
        gate.wait()
        try:
            task(*args)
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=deliver) for _ in range(copies)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


DELIVERIES: Final = pytest.mark.parametrize("deliver", [twice, at_once])
