"""Django application of `arena.accounts`."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Registers the package with Django."""

    name = "arena.accounts"
    label = "accounts"
