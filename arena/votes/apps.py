"""Django application of `arena.votes`."""

from django.apps import AppConfig


class VotesConfig(AppConfig):
    """Registers the package with Django."""

    name = "arena.votes"
    label = "votes"
