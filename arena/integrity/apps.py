"""Django application of `arena.integrity`."""

from django.apps import AppConfig


class IntegrityConfig(AppConfig):
    """Registers the package with Django."""

    name = "arena.integrity"
    label = "integrity"
