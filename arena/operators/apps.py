"""The application of the operators' pages, and the admin site that takes the place of Django's own."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class OperatorsConfig(AppConfig):
    """Name and label."""

    name = "arena.operators"
    label = "operators"
    default = True

    def ready(self) -> None:
        """Hear of logins."""
        from arena.operators import logins  # noqa: F401, PLC0415 - signals need loaded applications


class OperatorAdminConfig(admin_apps.SimpleAdminConfig):
    """Django's admin with our site: `admin.site` is an `OperatorSite`, whose pages `arena.config.urls` discovers.

    Workers and commands have no pages, and do without what these load.
    """

    default = False
    default_site = "arena.operators.site.OperatorSite"
