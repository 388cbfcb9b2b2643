"""What the admin pages of all packages share: reading without counting, editing with an audit, and no other way."""

from typing import Any, Final

from django.contrib import admin
from django.contrib.admin.options import ShowFacets
from django.contrib.admin.utils import unquote
from django.core.paginator import Paginator
from django.db import connection, models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import urlencode

from arena.common import audit
from arena.common.admin_actions import prove_first

#: Further rows are on further pages, but nobody counts them: "10000" stands for "10000 or more".
COUNTED_ROWS: Final = 10_000


class CheapPaginator(Paginator):  # type: ignore[type-arg]
    """Counts up to `COUNTED_ROWS`; the whole of a long table as PostgreSQL's statistics know it."""

    @cached_property
    def count(self) -> int:
        """The number of rows, or an estimate of it."""
        rows: Any = self.object_list
        exact = int(rows.order_by()[: COUNTED_ROWS + 1].count())
        if exact <= COUNTED_ROWS or rows.query.where:
            return min(exact, COUNTED_ROWS)
        return max(exact, _estimated_rows(rows.model))


def _estimated_rows(model: type[models.Model]) -> int:
    table = model._meta.db_table  # noqa: SLF001 - Django documents it
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [table])
        return int(cursor.fetchone()[0])


class AuditedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Edits rows; every write is audited in its transaction. Django's own log is not used: one ledger, append-only."""

    paginator = CheapPaginator
    # Counting a long table for every page costs more than the page.
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    change_form_template = "operators/change_form.html"

    def wants_proof(self, request: HttpRequest, obj: Any) -> bool:  # noqa: ARG002
        """Whether this request to a row's form (None: to add one) needs a fresh proof of who asks; see `proof`."""
        return False

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Ask for proof where `wants_proof` says so."""
        obj = self.get_object(request, unquote(object_id)) if object_id else None
        page = prove_first(self, request, obj) if self.wants_proof(request, obj) else None
        return page or super().changeform_view(request, object_id, form_url, extra_context)

    def row_links(self, request: HttpRequest, obj: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """(address, words) of what else a row's own page leads to."""
        return []

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Offer the actions of the list on the row's own page too; they ask in the same way."""
        obj = kwargs.get("obj")
        if obj is not None:
            actions: Any = self.get_actions(request)
            offered = [(name, words) for _function, name, words in actions.values()]
            context |= {"row_actions": offered, "row_links": self.row_links(request, obj)}
        return super().render_change_form(request, context, *args, **kwargs)

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:  # noqa: ARG002
        """Field → (before, after) of what the form changed, instead of Django's sentence."""
        if add:
            return {name: (None, form.cleaned_data.get(name)) for name in form.cleaned_data}
        return {name: (form.initial.get(name), form.cleaned_data.get(name)) for name in form.changed_data}

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """See `audit.record`."""
        return audit.record(request.user, self._action("add"), obj, _changes(message))

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """See `audit.record`."""
        return audit.record(request.user, self._action("change"), obj, _changes(message))

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """See `audit.record`."""
        return [audit.record(request.user, self._action("delete"), obj) for obj in queryset]

    def _action(self, verb: str) -> str:
        return f"{self.opts.model_name}.{verb}"

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:  # noqa: ARG002
        """The audit of this row."""
        query = urlencode({"target_type": self.opts.label_lower, "target_id": object_id})
        return HttpResponseRedirect(f"{reverse('admin:common_auditentry_changelist')}?{query}")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Nothing is deleted except by an action that asks again."""
        return False


def _changes(message: Any) -> audit.Changes:
    # The user admin's password page hands over a sentence's parts.
    return message if isinstance(message, dict) else {}


class ReadOnlyAdmin(AuditedAdmin):
    """Shows rows; they change by services alone, so the admin neither adds, edits nor deletes."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:  # noqa: ARG002
        """Nobody adds."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Nobody edits."""
        return False


class ReadOnlyInline(admin.TabularInline):  # type: ignore[type-arg]
    """Rows that hang on another, to read."""

    # Django's own table has headings without words.
    template = "operators/rows.html"
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        """Nobody adds."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        """Nobody edits."""
        return False
