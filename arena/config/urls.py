"""Every address of the site."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from sesame.views import LoginView

admin.autodiscover()

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("arena.web.urls")),
    # The link that `make demo` prints: it works once, and where nobody made one it refuses everybody.
    path("admin/login-link/", LoginView.as_view(next_page="/admin/"), name="admin-login-link"),
    path("admin/", admin.site.urls),
    path("", include("arena.api.urls")),
]

handler400 = "arena.web.views.errors.bad_request"
handler403 = "arena.web.views.errors.forbidden"
handler404 = "arena.web.views.errors.not_found"
handler500 = "arena.web.views.errors.server_error"
