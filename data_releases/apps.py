"""Django application of `data_releases`."""

from django.apps import AppConfig


class DataReleasesConfig(AppConfig):
    """Data releases."""

    name = "data_releases"
    label = "data_releases"
    verbose_name = "Data releases"

    def ready(self) -> None:
        """Listen to what is erased."""
        from data_releases import readings  # noqa: PLC0415 - models exist from here on

        readings.listen()
