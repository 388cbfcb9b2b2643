"""Arenas in the admin: their words and whether they are open. An arena is never deleted."""

from django.contrib import admin
from django.http import HttpRequest

from arena.arenas.models import Arena
from arena.common.admin import AuditedAdmin


@admin.register(Arena)
class ArenaAdmin(AuditedAdmin):
    """One row per arena."""

    list_display = ("slug", "name", "modality", "is_open", "is_demo", "created_at")
    fields = (
        *("slug", "name", "description", "modality", "is_open", "is_demo", "min_listen_s"),
        *("listed_from_votes", "settled_from_votes", "suggestions"),
    )

    def wants_proof(self, request: HttpRequest, obj: Arena | None) -> bool:
        """Closing an arena ends it for its visitors."""
        return obj is not None and obj.is_open and request.method == "POST" and "is_open" not in request.POST

    def get_readonly_fields(self, request: HttpRequest, obj: Arena | None = None) -> tuple[str, ...]:  # noqa: ARG002
        """The slug is the arena's address and its modality its rules: both stay once they are chosen."""
        return ("slug", "modality", "is_demo") if obj else ()
