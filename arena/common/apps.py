"""Django application of `arena.common`."""

from django.apps import AppConfig


class CommonConfig(AppConfig):
    """Registers the package with Django."""

    name = "arena.common"
    label = "common"
