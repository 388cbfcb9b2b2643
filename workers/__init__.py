"""Celery: ids in, one service call; nothing imports this package."""
