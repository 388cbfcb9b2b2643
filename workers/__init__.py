"""Celery: ids in, one service call; nothing imports this package."""

# First: it says how a process of the arena looks for garbage.
import arena.config as _first  # noqa: F401
