"""Django application of `arena.systems`."""

from django.apps import AppConfig


class SystemsConfig(AppConfig):
    """Registers the package with Django."""

    name = "arena.systems"
    label = "systems"
