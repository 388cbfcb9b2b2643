"""A task keeps its turn while its work runs in the process's loop."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from django.conf import settings
from django.db import OperationalError, connection

from arena.battles import generation
from arena.battles.work import TurnWork
from workers import loop

T = TypeVar("T")


def run_leased(work: TurnWork, coroutine: Coroutine[Any, Any, T], stop: Callable[[], None] | None = None) -> T:
    """Run a coroutine in the loop and renew the lease from this thread meanwhile, which holds no connection.

    `stop` is called at each renewal after the visitor asked to stop.

    Raises:
        loop.Abandoned: the turn is not ours any more; the coroutine was cancelled and has ended.
    """
    connection.close()

    def renew() -> bool:
        try:
            renewal = generation.renew_lease(work)
        except OperationalError:
            # PostgreSQL restarts: the lease may outlive that; the fence decides in the end.
            return True
        finally:
            connection.close()
        if stop is not None and renewal.stop_requested:
            stop()
        return renewal.alive

    return loop.run(coroutine, every_s=settings.ARENA_LEASE_S / 3, tick=renew)
