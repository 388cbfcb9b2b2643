"""What everybody may see, made from the database at most once a second in a process, however many ask."""

import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from django.conf import settings

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """Values by key, each given again for `ARENA_PUBLIC_KEPT_S`; a failure to make one is not kept.

    Args:
        most: how many are kept at a time.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: dict[K, tuple[float, V]] = {}

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The kept value, or a new one."""
        if not settings.ARENA_PUBLIC_KEPT_S:
            return make()
        until, value = self._values.get(key, (0.0, None))
        if value is not None and time.monotonic() < until:
            return value
        made = make()
        if len(self._values) >= self._most:
            self._values.clear()
        self._values[key] = (time.monotonic() + settings.ARENA_PUBLIC_KEPT_S, made)
        return made
