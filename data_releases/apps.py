"""Django application of `data_releases`."""

from typing import Any

from django.apps import AppConfig


class DataReleasesConfig(AppConfig):
    """Data releases."""

    name = "data_releases"
    label = "data_releases"
    verbose_name = "Data releases"

    def ready(self) -> None:
        """Be told when texts are erased."""
        from arena.battles.erasing import erasing  # noqa: PLC0415 - models exist from here on

        erasing.connect(_forget, dispatch_uid="data_releases.readings")


def _forget(battle: Any, **_signal: Any) -> None:
    from data_releases.readings import forget_battle  # noqa: PLC0415 - what reads texts takes long to load

    forget_battle(battle)
