"""Django application of `arena.arenas`."""

from django.apps import AppConfig


class ArenasConfig(AppConfig):
    """Registers the package with Django."""

    name = "arena.arenas"
    label = "arenas"
