"""Releases in the admin: look at a draft, review it, publish it, take it down."""

import json
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from arena.arenas.models import Arena
from arena.common.admin import AuditedAdmin, ReadOnlyAdmin
from arena.common.admin_actions import Question, act
from arena.common.audit import Changes
from arena.common.object_store import store
from arena.common.storage import StorageError
from data_releases import preview, publish, services
from data_releases.models import Release, ReleasePolicy, ReleaseState
from data_releases.projection import ReleaseError

REVIEW = Question(
    title="Mark these drafts as reviewed?",
    consequences=(
        "You have looked at their figures, at what was withheld and at the samples.",
        "A reviewed draft is not built again (before, `release build` does it). Nothing becomes public yet.",
    ),
    button="Mark as reviewed",
    note="What did you check? (kept in the audit)",
)
PUBLISH = Question(
    title="Publish these releases?",
    consequences=(
        "Anybody can download them, and copies cannot be called back.",
        "Their pseudonyms cannot be computed any more: the salt is destroyed. They never change afterwards.",
    ),
    button="Publish",
    note="Why now? (kept in the audit)",
    destructive=True,
)
WITHDRAW = Question(
    title="Withdraw these releases?",
    consequences=(
        "Their pages and files disappear, and they cannot be published again.",
        "Copies that others have taken stay with them. Later releases still count these votes.",
    ),
    button="Withdraw",
    note="Why? (kept in the audit)",
    destructive=True,
)


@admin.register(ReleasePolicy)
class ReleasePolicyAdmin(AuditedAdmin):
    """How each arena releases its data; it holds for the next build."""

    list_display = (
        "arena",
        "builds",
        "publishes",
        "embargo_days",
        "publishes_texts",
        "min_voters",
        "withdrawal_days",
        "licence",
    )
    list_select_related = ("arena",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002
        """A policy stays with its arena."""
        return ("arena",) if obj else ()


@admin.register(Release)
class ReleaseAdmin(ReadOnlyAdmin):
    """One release each, with a preview of what is or will be public."""

    list_display = ("name", "arena", "state", "votes", "conversations", "downloads", "created_at", "published_at")
    list_filter = ("arena", "state")
    list_select_related = ("arena",)
    ordering = ("-window_start", "arena")
    actions = ("mark_reviewed", "publish", "withdraw")
    fieldsets = (
        (None, {"fields": ("arena", "name", "window_start", "window_end", "embargo_days", "state", "previous")}),
        ("What it holds", {"fields": ("figures", "withheld", "merged", "found")}),
        ("Samples", {"fields": ("conversations_sample", "votes_sample")}),
        ("Publication", {"fields": ("created_at", "published_at", "downloads", "manifest_sha256")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:  # noqa: ARG002
        """All of it."""
        return [name for _title, options in self.fieldsets for name in options["fields"]]

    def has_steer_permission(self, request: HttpRequest) -> bool:
        """Whoever may change releases may move them on."""
        return request.user.has_perm("data_releases.change_release")

    # --- Columns and preview ---

    @admin.display(description="votes")
    def votes(self, obj: Release) -> int | str:
        """How many it holds."""
        return obj.manifest["counts"]["cast"] if obj.manifest else "–"

    @admin.display(description="conversations")
    def conversations(self, obj: Release) -> int | str:
        """How many it holds."""
        return obj.manifest["counts"]["rows"]["conversations"] if obj.manifest else "–"

    @admin.display(description="figures, and those of the release before")
    def figures(self, obj: Release) -> SafeString:
        """Counts beside the last ones."""
        rows = (
            (figure.name, figure.value, "–" if figure.before is None else figure.before)
            for figure in preview.figures(obj)
        )
        return format_html(
            "<table><tr><th>figure</th><th>now</th><th>before</th></tr>{}</table>",
            format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td></tr>", rows),
        )

    @admin.display(description="battles without texts, by reason")
    def withheld(self, obj: Release) -> str:
        """Classes and numbers."""
        return self._told(obj, "withheld_texts")

    @admin.display(description="merging of rare attributes")
    def merged(self, obj: Release) -> str:
        """The report on k-anonymity."""
        return self._told(obj, "merged_attributes")

    @admin.display(description="filter for personal data")
    def found(self, obj: Release) -> str:
        """What was found, and the figures of the suite."""
        return self._told(obj, "pii")

    @staticmethod
    def _told(obj: Release, name: str) -> str:
        told = (obj.manifest or {}).get(name)
        return json.dumps(told, ensure_ascii=False) if told else "nothing"

    @admin.display(description="first conversations")
    def conversations_sample(self, obj: Release) -> SafeString:
        """As they will be read."""
        return self._sample(obj, "conversations")

    @admin.display(description="first votes")
    def votes_sample(self, obj: Release) -> SafeString:
        """As they will be read."""
        return self._sample(obj, "votes")

    @staticmethod
    def _sample(obj: Release, table: str) -> SafeString:
        rows = [(json.dumps(row, ensure_ascii=False, indent=1),) for row in preview.sample(obj, table)]
        return format_html_join("", "<pre>{}</pre>", rows) if rows else format_html("{}", "none")

    # --- Actions ---

    @admin.action(description="Mark as reviewed…", permissions=["steer"])
    def mark_reviewed(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        """Close drafts."""
        return self._act(request, queryset, REVIEW, _mark_reviewed, "{n} reviewed.")

    @admin.action(description="Publish…", permissions=["steer"])
    def publish(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        """Make reviewed releases public, the oldest first."""
        return self._act(request, queryset.order_by("window_start"), PUBLISH, _publish, "{n} published.")

    @admin.action(description="Withdraw…", permissions=["steer"])
    def withdraw(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        """Take public releases down."""
        return self._act(request, queryset, WITHDRAW, _withdraw, "{n} withdrawn.")

    def _act(
        self, request: HttpRequest, queryset: "models.QuerySet[Release]", question: Question, deed: Any, done: str
    ) -> HttpResponse | None:
        if not self.has_steer_permission(request):
            raise PermissionDenied
        releases = queryset.select_related("arena", "previous")
        try:
            page = act(self, request, releases, question, deed, done)
        except (ReleaseError, StorageError) as error:
            self.message_user(request, f"Nothing was done: {error}", messages.ERROR)
            return None
        if page is None:
            self._tidy(request, {release.arena for release in releases})
        return page

    def _tidy(self, request: HttpRequest, arenas: set[Arena]) -> None:
        # After the transaction: until its audit is written too, the files that it makes superfluous are still needed.
        try:
            for arena in arenas:
                publish.tidy(store(), arena)
        except StorageError as error:
            words = f"Files that nobody needs any more are still there; the hourly job removes them: {error}"
            self.message_user(request, words, messages.WARNING)


def _mark_reviewed(release: Release, note: str) -> Changes | None:  # noqa: ARG001 - one interface
    if release.state != ReleaseState.DRAFT:
        return None
    services.mark_reviewed(release.pk, release.manifest_sha256)
    return {"state": (ReleaseState.DRAFT.value, ReleaseState.REVIEWED.value)}


def _publish(release: Release, note: str) -> Changes | None:  # noqa: ARG001 - one interface
    if release.state == ReleaseState.PUBLISHED:
        return None
    publish.make_public(store(), release)
    return {"state": (ReleaseState.REVIEWED.value, ReleaseState.PUBLISHED.value)}


def _withdraw(release: Release, note: str) -> Changes | None:  # noqa: ARG001 - one interface
    if release.state != ReleaseState.PUBLISHED:
        return None
    publish.take_down(store(), release)
    return {"state": (ReleaseState.PUBLISHED.value, ReleaseState.WITHDRAWN.value)}
