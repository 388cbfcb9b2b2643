"""Django application of `arena.media`."""

from django.apps import AppConfig


class MediaConfig(AppConfig):
    """Registers the package with Django."""

    name = "arena.media"
    label = "media"
