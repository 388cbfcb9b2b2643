"""Tokens, voters and consents in the admin: to read. A token can be revoked there; no hash is shown."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from arena.accounts.models import ApiToken, Consent, Voter
from arena.common.admin import ReadOnlyAdmin


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """One row per program. `manage.py create_token` makes them."""

    list_display = ("name", "created_at", "revoked_at")
    search_fields = ("name",)
    fields = ("name", "limits", "created_at", "revoked_at")
    actions = ("revoke",)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whoever may change tokens may revoke them, although nothing else of them can be changed."""
        return request.user.has_perm("accounts.change_apitoken")

    @admin.action(description=_("Revoke the selected tokens"), permissions=["revoke"])
    def revoke(self, _request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """From now on these tokens open nothing."""
        queryset.filter(revoked_at=None).update(revoked_at=Now())


@admin.register(Voter)
class VoterAdmin(ReadOnlyAdmin):
    """One row per pseudonym."""

    list_display = ("id", "token", "external_id", "is_simulated", "created_at")
    list_filter = ("is_simulated", "token")
    list_select_related = ("token",)
    fields = ("token", "external_id", "is_simulated", "created_at")


@admin.register(Consent)
class ConsentAdmin(ReadOnlyAdmin):
    """One row per answer to the consent question."""

    list_display = ("id", "voter", "token", "research", "publication", "age_16", "text_version", "created_at")
    list_filter = ("text_version", "language", "publication")
    list_select_related = ("voter", "token")
