"""Django application of `arena.config`."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Registers the deployment checks."""

    name = "arena.config"
    label = "config"

    def ready(self) -> None:
        """Import the checks, which registers them."""
        from arena.config import checks, checks_running, checks_servers  # noqa: F401, PLC0415 - the settings come first
