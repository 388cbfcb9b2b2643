"""One BLAS thread for small matrices: with one per core, threads that wait for a busy core cost more than the work."""

from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any

from threadpoolctl import ThreadpoolController


@lru_cache(maxsize=1)
def _controller() -> ThreadpoolController:
    # Looking for the loaded libraries takes longer than a fit, so it is done once.
    return ThreadpoolController()


def one_thread() -> AbstractContextManager[Any]:
    """While open, this process computes in one BLAS thread."""
    limit: AbstractContextManager[Any] = _controller().limit(limits=1, user_api="blas")
    return limit
