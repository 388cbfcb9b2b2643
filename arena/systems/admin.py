"""Systems in the admin: how each does and what it costs, and what takes it out of the pool."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import date as date_text
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from arena.common.admin import AuditedAdmin, ReadOnlyAdmin
from arena.common.admin_actions import Question, act
from arena.common.audit import Changes
from arena.systems import steering
from arena.systems.admin_trials import trial_page
from arena.systems.breaker import BreakerState
from arena.systems.figures import Figures, figures_of
from arena.systems.models import System, SystemEvent, SystemVersion, Trial

PAUSE = Question(
    title="Pause these systems?",
    consequences=(
        "They are not drawn for new battles from now on. Battles that run go on, with their follow-ups.",
        "Their ratings stay. An arena with fewer than two systems refuses battles and says why.",
        "The pause is public; your reason is not.",
    ),
    button="Pause",
    note="Why? (kept in the audit)",
)
RESUME = Question(
    title="Resume these systems?",
    consequences=("They are drawn again from now on, if their breaker is closed and their budget has room.",),
    button="Resume",
    note="Why? (kept in the audit)",
)
CLOSE = Question(
    title="Close the breakers of these systems?",
    consequences=(
        "The failures so far are forgotten and the current versions are drawn again at once.",
        "If the cause has not gone, visitors meet the failures until the breaker opens again.",
    ),
    button="Close breakers",
    note="Why? (kept in the audit)",
)


def usd(value: Any) -> str:
    """Money as operators read it."""
    return "–" if value is None else f"${value:,.4f}" if value and value < 1 else f"${value:,.2f}"


def seconds(value: float | None) -> str:
    """A time with two digits that mean something."""
    return "–" if value is None else f"{value:.2g} s" if value < 10 else f"{value:.0f} s"


@admin.register(System)
class SystemAdmin(AuditedAdmin):
    """One row per contender, with the figures of its current version. Names and weights come from the systems file."""

    list_display = (
        "name",
        "arena",
        "pool",
        "calls",
        "error_rate",
        "median",
        "p95",
        "today",
        "thirty_days",
        "last_seen",
    )
    list_filter = ("arena", "is_paused")
    list_select_related = ("arena",)
    search_fields = ("name",)
    ordering = ("arena", "name")
    actions = ("pause", "resume", "close_breaker")
    fieldsets = (
        (None, {"fields": ("arena", "name", "version", "pool", "weight", "created_at")}),
        (
            "Last 24 hours",
            {"fields": ("calls", "error_rate", "failures", "median", "p95", "last_seen", "last_failure")},
        ),
        ("Money (USD, UTC days)", {"fields": ("daily_budget_usd", "today", "reserved", "thirty_days")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: System | None = None) -> list[Any]:  # noqa: ARG002
        """Everything but the budget."""
        names = [name for _title, options in self.fieldsets for name in options["fields"]]
        return [name for name in names if name != "daily_budget_usd"]

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - one interface
        """Systems are registered from a file."""
        return False

    def has_steer_permission(self, request: HttpRequest) -> bool:
        """Whoever may change systems may steer them."""
        return request.user.has_perm("systems.change_system")

    # --- Figures of all rows of a page at once ---

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """The list, its rows with their figures."""
        changelist = super().get_changelist_instance(request)
        _add_figures(list(changelist.result_list))
        return changelist

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """One system with its figures."""
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            _add_figures([found])
        return found

    def get_urls(self) -> list[URLPattern]:
        """And the page that makes a test prompt."""
        view = self.admin_site.admin_view(self._trial)
        return [path("<int:system_id>/trial/", view, name="systems_system_trial"), *super().get_urls()]

    def _trial(self, request: HttpRequest, system_id: int) -> HttpResponse:
        return trial_page(self, request, system_id)

    def row_links(self, request: HttpRequest, obj: Any) -> list[tuple[str, str]]:
        """A test prompt."""
        may = self.has_steer_permission(request) and obj.current is not None
        return [(reverse("admin:systems_system_trial", args=[obj.pk]), "Test prompt")] if may else []

    # --- Columns ---

    @admin.display(description="pool")
    def pool(self, obj: Any) -> SafeString:
        """Whether it is drawn, and if not, why."""
        kind, words = pool_state(obj)
        return format_html('<span class="arena-state arena-state--{}">{}</span>', kind, words)

    @admin.display(description="current version")
    def version(self, obj: Any) -> str:
        """Its number."""
        return f"v{obj.current.number} ({obj.current.backend})" if obj.current else "none: retired"

    @admin.display(description="calls, 24 h")
    def calls(self, obj: Any) -> str:
        """How often it was called."""
        return f"{obj.figures.calls:,}"

    @admin.display(description="errors, 24 h")
    def error_rate(self, obj: Any) -> str:
        """Failed calls among all."""
        rate = obj.figures.error_rate
        return "–" if rate is None else f"{rate:.1%}"

    @admin.display(description="errors by class")
    def failures(self, obj: Any) -> str:
        """Which errors, and how often."""
        told = sorted(obj.figures.failures.items(), key=lambda pair: -pair[1])
        return ", ".join(f"{name}: {n}" for name, n in told) or "none"

    @admin.display(description="median")
    def median(self, obj: Any) -> str:
        """Of the time to the whole answer."""
        return seconds(obj.figures.latency_median_s)

    @admin.display(description="p95")
    def p95(self, obj: Any) -> str:
        """Of the time to the whole answer."""
        return seconds(obj.figures.latency_p95_s)

    @admin.display(description="today")
    def today(self, obj: Any) -> str:
        """Spent since midnight UTC, of the budget."""
        spent, budget = usd(obj.figures.spent_today_usd), obj.figures.budget_usd
        return spent if budget is None else f"{spent} of {usd(budget)}"

    @admin.display(description="reserved for running calls")
    def reserved(self, obj: Any) -> str:
        """What running calls may still cost."""
        return usd(obj.figures.reserved_usd)

    @admin.display(description="30 days")
    def thirty_days(self, obj: Any) -> str:
        """Spent in 30 UTC days, and what of it is an estimate because no number of tokens was told."""
        spent, estimated = usd(obj.figures.spent_30_days_usd), obj.figures.estimated_30_days_usd
        return f"{spent}, {usd(estimated)} of it estimated" if estimated else spent

    @admin.display(description="last answer")
    def last_seen(self, obj: Any) -> str:
        """When it last answered in a battle."""
        return date_text(obj.figures.last_answer_at, "j M H:i") or "never"

    @admin.display(description="last failure")
    def last_failure(self, obj: Any) -> str:
        """When it last failed in a battle, and how."""
        at = obj.figures.last_failure_at
        return f"{date_text(at, 'j M H:i')}, {obj.figures.last_error_class}" if at else "never"

    # --- Actions ---

    @admin.action(description="Pause…", permissions=["steer"])
    def pause(self, request: HttpRequest, queryset: "models.QuerySet[Any]") -> HttpResponse | None:
        """The kill switch."""
        return act(self, request, queryset, PAUSE, _pause, "{n} paused.")

    @admin.action(description="Resume…", permissions=["steer"])
    def resume(self, request: HttpRequest, queryset: "models.QuerySet[Any]") -> HttpResponse | None:
        """The way back."""
        return act(self, request, queryset, RESUME, _resume, "{n} resumed.")

    @admin.action(description="Close breaker…", permissions=["steer"])
    def close_breaker(self, request: HttpRequest, queryset: "models.QuerySet[Any]") -> HttpResponse | None:
        """After the cause was mended."""
        return act(self, request, queryset, CLOSE, _close_breaker, "{n} closed.")


def _add_figures(systems: list[Any]) -> None:
    """Give every system its current version and that version's figures."""
    current = SystemVersion.objects.filter(system__in=systems, retired_at=None).select_related("system")
    by_system = {version.system_id: version for version in current}
    figures = figures_of(by_system.values())
    for system in systems:
        system.current = by_system.get(system.pk)
        system.figures = figures[system.current.pk] if system.current else Figures(None)


def pool_state(system: Any) -> tuple[str, str]:
    """(kind, words): whether a system with its figures is drawn, the strongest reason against it first."""
    figures: Figures = system.figures
    if system.current is None:
        return "off", "Retired"
    if system.is_paused:
        return "off", "Paused"
    if figures.breaker is BreakerState.HALF_OPEN:
        return "bad", "Breaker: one call tries"
    if figures.breaker is BreakerState.OPEN:
        return "bad", f"Breaker open until {date_text(figures.retry_at, 'H:i:s')}"
    return ("bad", "Budget used up") if figures.is_used_up else ("good", "Drawn")


def _pause(system: System, _note: str) -> Changes | None:
    return {"is_paused": (False, True)} if steering.pause(system) else None


def _resume(system: System, _note: str) -> Changes | None:
    return {"is_paused": (True, False)} if steering.resume(system) else None


def _close_breaker(system: System, _note: str) -> Changes | None:
    version = SystemVersion.objects.filter(system=system, retired_at=None).first()
    closed = version is not None and steering.close_breaker(version)
    return {"breaker": ("open", "closed")} if closed else None


@admin.register(SystemVersion)
class SystemVersionAdmin(ReadOnlyAdmin):
    """One row per version."""

    list_display = ("system", "number", "backend", "organisation", "created_at", "retired_at")
    list_filter = ("system__arena", "backend", "access")
    list_select_related = ("system",)
    search_fields = ("system__name",)


@admin.register(SystemEvent)
class SystemEventAdmin(ReadOnlyAdmin):
    """One row per registration, pause, resumption and retirement."""

    list_display = ("created_at", "system", "version", "kind")
    list_filter = ("kind", "system__arena")
    list_select_related = ("system", "version__system")
    date_hierarchy = "created_at"
    ordering = ("-id",)


@admin.register(Trial)
class TrialAdmin(ReadOnlyAdmin):
    """One row per test prompt, for a week."""

    list_display = ("created_at", "version", "outcome", "latency_s", "cost_usd")
    list_select_related = ("version__system",)
    ordering = ("-id",)
    change_form_template = "operators/trial.html"

    @admin.display(description="outcome")
    def outcome(self, obj: Trial) -> str:
        """An answer, an error class, or that it runs, waits, or never ended."""
        if obj.finished_at:
            return obj.error_class or "answer"
        return "never ended" if obj.is_lost else "running" if obj.started_at else "waiting"
