"""Pages that are the same for everybody: they may be kept for all (`arena.config.kept`)."""

from collections.abc import Callable

from django.http import HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.vary import vary_on_cookie

View = Callable[..., HttpResponse]


def public_page(view: View) -> View:
    """Say of a page that it is the same for all who read its language, and that browsers shall ask whether it changed.

    Such a page has no form with a token, no message and nothing else of its visitor.
    """
    return cache_control(public=True, no_cache=True)(vary_on_cookie(view))
