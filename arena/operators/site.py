"""The admin site: open only to operators whose second factor was checked, in English, with pages of its own."""

from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import translation
from django.utils.http import urlencode

from arena.common import audit
from arena.operators.forms import LoginForm
from arena.operators.views import second_factor, status


class OperatorSite(AdminSite):
    """`admin.site`."""

    site_header = site_title = "Preference Arena"
    index_title = "Operators"
    enable_nav_sidebar = False
    login_form = LoginForm

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        # Rows go by actions that ask again and are audited.
        self.disable_action("delete_selected")

    def has_permission(self, request: HttpRequest) -> bool:
        """An active operator, whose second factor was checked unless this is a demo."""
        return super().has_permission(request) and not needs_second_factor(request)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The password; whoever has given it goes on to the second factor."""
        use_english(request)
        if request.method == "GET" and super().has_permission(request) and needs_second_factor(request):
            target = request.GET.get("next", reverse("admin:index"))
            return HttpResponseRedirect(f"{reverse('admin:second_factor')}?{urlencode({'next': target})}")
        return super().login(request, extra_context)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Django's page, audited."""
        with transaction.atomic():
            response = super().password_change(request, extra_context)
            if request.method == "POST" and isinstance(response, HttpResponseRedirect):
                user: Any = request.user
                audit.record(user, "user.change_password", user)
        return response

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Every page of the admin is in English, whatever the browser prefers: operators share one vocabulary."""
        inner = super().admin_view(view, cacheable)

        def in_english(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            use_english(request)
            response: HttpResponse = inner(request, *args, **kwargs)
            return response

        return in_english

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Django's, and ours."""
        return [
            path("status/", self.admin_view(status.page), name="status"),
            path("second-factor/", second_factor.check, name="second_factor"),
            path("second-factor/set-up/", second_factor.set_up, name="second_factor_set_up"),
            path("second-factor/recovery/", self.admin_view(second_factor.recovery), name="recovery_codes"),
            *super().get_urls(),
        ]


def use_english(request: HttpRequest) -> None:
    """Answer this request in English."""
    translation.activate("en")
    request.LANGUAGE_CODE = "en"


def needs_second_factor(request: HttpRequest) -> bool:
    """Whether this operator has still to show a second factor."""
    user: Any = request.user
    if isinstance(user, AnonymousUser) or not settings.ARENA_ADMIN_SECOND_FACTOR:
        return False
    return not user.is_verified()
