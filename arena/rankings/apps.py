"""Django application of `arena.rankings`."""

from django.apps import AppConfig


class RankingsConfig(AppConfig):
    """Registers the package with Django."""

    name = "arena.rankings"
    label = "rankings"
