"""Django application of `arena.battles`."""

from django.apps import AppConfig


class BattlesConfig(AppConfig):
    """Registers the package with Django."""

    name = "arena.battles"
    label = "battles"
