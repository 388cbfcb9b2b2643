"""Every address of the site."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

admin.autodiscover()

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("arena.web.urls")),
    path("", include("arena.config.login_link")),
    path("admin/", admin.site.urls),
    path("", include("arena.api.urls")),
]

handler400 = "arena.web.views.errors.bad_request"
handler403 = "arena.web.views.errors.forbidden"
handler404 = "arena.web.views.errors.not_found"
handler500 = "arena.web.views.errors.server_error"
