"""Django application of `data_releases`."""

from django.apps import AppConfig


class DataReleasesConfig(AppConfig):
    """Data releases."""

    name = "data_releases"
    label = "data_releases"
    verbose_name = "Data releases"
