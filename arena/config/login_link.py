"""The address of the link that `make demo` prints, by itself: to print it, no other page needs to be loaded."""

from django.urls import URLPattern, path
from sesame.views import LoginView

urlpatterns: list[URLPattern] = [
    # It works once, and where nobody made one it refuses everybody.
    path("admin/login-link/", LoginView.as_view(next_page="/admin/"), name="admin-login-link"),
]
