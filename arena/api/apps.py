"""Django application of `arena.api`."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Registers the package with Django."""

    name = "arena.api"
    label = "api"
