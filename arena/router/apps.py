"""Django application of `arena.router`."""

from django.apps import AppConfig


class RouterConfig(AppConfig):
    """Registers the package with Django."""

    name = "arena.router"
    label = "router"
