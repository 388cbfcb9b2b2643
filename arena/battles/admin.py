"""Battles, refusals and reports in the admin: blind. An operator who votes must not learn here who answered.

The systems of a battle are shown after its vote. Before, they are behind “Reveal”, and who pressed it is in the audit.
"""

import uuid
from typing import Any, Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from arena.battles.models import Battle, RefusedBattle, RefusedTurn, Report, Response, Turn
from arena.battles.services import reopen_report, resolve_report
from arena.battles.states import SIDES, BattleState, ResponseStatus
from arena.common import audit
from arena.common.admin import ReadOnlyAdmin, ReadOnlyInline
from arena.common.admin_actions import Question, act
from arena.common.audit import Changes

#: So many refusals are looked at for the reasons that the filter offers.
LOOKED_AT: Final = 1000

RESOLVE = Question(
    title="Resolve these reports?",
    consequences=("They leave the list of open reports, with your note. The answers stay as they are.",),
    button="Resolve",
    note="What was done?",
)
REOPEN = Question(
    title="Open these reports again?",
    consequences=("They return to the list of open reports. Their notes stay in the audit.",),
    button="Open again",
)


def text_block(text: str) -> SafeString:
    """A text of a visitor or a system: escaped, and kept from bleeding into the page."""
    return format_html('<pre class="arena-text" dir="auto" tabindex="0">{}</pre>', text)


class TurnInline(ReadOnlyInline):
    """The prompts of a battle, and what both sides said, without who they are."""

    model = Turn
    fields = ("n", "asked", "left", "right")
    readonly_fields = fields

    @admin.display(description="prompt")
    def asked(self, obj: Turn) -> SafeString:
        """What the visitor typed."""
        return text_block(obj.prompt)

    @admin.display(description="left")
    def left(self, obj: Turn) -> SafeString:
        """The left answer."""
        return _answer(obj, "left")

    @admin.display(description="right")
    def right(self, obj: Turn) -> SafeString:
        """The right answer."""
        return _answer(obj, "right")


def _answer(turn: Turn, side: str) -> SafeString:
    complete = Response.objects.filter(turn=turn, side=side, status=ResponseStatus.COMPLETE.value)
    return text_block(complete.values_list("content", flat=True).first() or "")


@admin.register(Battle)
class BattleAdmin(ReadOnlyAdmin):
    """One row per battle, without anything that tells its systems before the vote."""

    list_display = ("id", "arena", "state", "reason", "is_simulated", "created_at")
    list_filter = ("arena", "state", "is_simulated", "created_at")
    list_select_related = ("arena",)
    fields = ("id", "arena", "state", "reason", "requirement", "publication", "is_simulated", "created_at", "systems")
    readonly_fields = ("systems",)
    search_fields = ("=id",)
    ordering = ("-created_at",)
    inlines = (TurnInline,)
    change_form_template = "operators/battle.html"

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:  # noqa: ARG002
        """Only whole ids: anything else would read the whole table, or fail."""
        return _by_uuid(queryset, "id", search_term)

    def get_urls(self) -> list[URLPattern]:
        """And the page behind “Reveal”."""
        view = self.admin_site.admin_view(self.reveal)
        return [path("<uuid:battle_id>/reveal/", view, name="battles_battle_reveal"), *super().get_urls()]

    @method_decorator(require_POST)
    def reveal(self, request: HttpRequest, battle_id: Any) -> HttpResponse:
        """Show the battle with its systems, once; the audit knows."""
        if not request.user.has_perm("battles.reveal_battle"):
            raise PermissionDenied
        with transaction.atomic():
            battle = Battle.objects.select_for_update().filter(pk=battle_id).first()
            if battle is not None:
                audit.record(request.user, "battle.reveal", battle)
        request.revealed = True  # type: ignore[attr-defined]
        request.method = "GET"
        return self.change_view(request, str(battle_id))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """A battle that knows whether its systems may be shown."""
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            found.is_revealed = found.state == BattleState.VOTED.value or getattr(request, "revealed", False)
        return found

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Offer “Reveal” where something is hidden."""
        battle = kwargs.get("obj")
        hidden = battle is not None and battle.pairing_id and not battle.is_revealed
        context["may_reveal"] = bool(hidden) and request.user.has_perm("battles.reveal_battle")
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description="systems")
    def systems(self, obj: Any) -> str:
        """Both systems, after the vote or once revealed."""
        if obj.pairing is None:
            return "none drawn"
        if not obj.is_revealed:
            return "hidden until the vote"
        return format_html_join("; ", "{}: {}", ((side, getattr(obj.pairing, side)) for side in SIDES))


def _by_uuid(queryset: Any, field: str, search_term: str) -> Any:
    """Rows whose UUID is the search term, and that none is there twice."""
    term = search_term.strip()
    if not term:
        return queryset, False
    try:
        return queryset.filter(**{field: uuid.UUID(term)}), False
    except ValueError:
        return queryset.none(), False


class ReasonFilter(admin.SimpleListFilter):
    """The reasons of late: Django's own filter would read every battle to find them."""

    title = parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Reasons of the newest refusals."""
        newest = model_admin.get_queryset(request).order_by("-created_at")
        reasons = sorted(set(newest.values_list("reason", flat=True)[:LOOKED_AT]))
        return [(reason, reason) for reason in reasons if reason]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:  # noqa: ARG002
        """Those of one reason."""
        return queryset.filter(reason=self.value()) if self.value() else queryset


@admin.register(RefusedBattle)
class RefusedBattleAdmin(ReadOnlyAdmin):
    """Battles that never began, by reason. No prompt in the list."""

    list_display = ("created_at", "arena", "reason", "id")
    list_filter = ("arena", ReasonFilter, "created_at")
    list_select_related = ("arena",)
    fields = ("id", "arena", "reason", "requirement", "created_at", "asked")
    readonly_fields = ("asked",)
    ordering = ("-created_at",)

    def get_queryset(self, request: HttpRequest) -> "models.QuerySet[Any]":
        """Only the refused."""
        return super().get_queryset(request).filter(state=BattleState.REFUSED.value)

    @admin.display(description="prompt")
    def asked(self, obj: Battle) -> SafeString:
        """What was refused."""
        return text_block("\n\n".join(Turn.objects.filter(battle=obj).order_by("n").values_list("prompt", flat=True)))


@admin.register(RefusedTurn)
class RefusedTurnAdmin(ReadOnlyAdmin):
    """Follow-ups that were refused while their battle went on. No prompt in the list."""

    list_display = ("created_at", "reason", "battle_id")
    list_filter = ("reason",)
    fields = ("battle", "reason", "created_at", "asked")
    readonly_fields = ("asked",)
    ordering = ("-id",)

    @admin.display(description="prompt")
    def asked(self, obj: RefusedTurn) -> SafeString:
        """What was refused."""
        return text_block(obj.prompt)


class OpenFilter(admin.SimpleListFilter):
    """Open reports unless asked otherwise."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """What can be chosen besides the open ones."""
        return [("resolved", "Resolved"), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        """The first choice is the open ones."""
        first, *others = super().choices(changelist)
        return [first | {"display": "Open"}, *others]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:  # noqa: ARG002
        """The chosen reports."""
        if self.value() == "all":
            return queryset
        return queryset.filter(resolved_at__isnull=self.value() != "resolved")


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin):
    """What visitors reported, open ones first to hand; the answer is shown without its system."""

    list_display = ("created_at", "reason", "turn_n", "side", "has_text", "resolved_at", "battle_id")
    list_filter = (OpenFilter, "reason")
    search_fields = ("=battle__id",)
    date_hierarchy = "created_at"
    ordering = ("-id",)
    fields = ("battle", "turn_n", "side", "reason", "said", "answer", "created_at", "resolved_at", "resolution")
    readonly_fields = ("said", "answer")
    actions = ("resolve", "reopen")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:  # noqa: ARG002
        """Only whole ids."""
        return _by_uuid(queryset, "battle_id", search_term)

    def has_handle_permission(self, request: HttpRequest) -> bool:
        """Whoever may change reports may close them."""
        return request.user.has_perm("battles.change_report")

    @admin.display(description="words", boolean=True)
    def has_text(self, obj: Report) -> bool:
        """Whether the visitor wrote something."""
        return bool(obj.text)

    @admin.display(description="the visitor's words")
    def said(self, obj: Report) -> SafeString:
        """What the visitor wrote."""
        return text_block(obj.text)

    @admin.display(description="the answer")
    def answer(self, obj: Report) -> SafeString:
        """What was reported."""
        turn = Turn.objects.filter(battle_id=obj.battle_id, n=obj.turn_n).first()
        return _answer(turn, obj.side) if turn else text_block("")

    @admin.action(description="Resolve…", permissions=["handle"])
    def resolve(self, request: HttpRequest, queryset: "models.QuerySet[Any]") -> HttpResponse | None:
        """Say what became of them."""
        return act(self, request, queryset, RESOLVE, _resolve, "{n} resolved.")

    @admin.action(description="Open again…", permissions=["handle"])
    def reopen(self, request: HttpRequest, queryset: "models.QuerySet[Any]") -> HttpResponse | None:
        """Not done after all."""
        return act(self, request, queryset, REOPEN, _reopen, "{n} open again.")


def _resolve(report: Report, note: str) -> Changes | None:
    return {"resolution": ("", note)} if resolve_report(report.pk, note) else None


def _reopen(report: Report, _note: str) -> Changes | None:
    return {"resolution": (report.resolution, "")} if reopen_report(report.pk) else None
