"""Django application of `arena.web`."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Registers the package with Django."""

    name = "arena.web"
    label = "web"
