"""Pages that are mostly text, and the public list of systems."""

from itertools import groupby

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from arena.accounts.services import consent_of
from arena.arenas.selectors import open_arenas
from arena.integrity.identity import browser_actor
from arena.systems.selectors import public_systems
from arena.web import texts
from arena.web.public import public_page

ROBOTS = """User-agent: *
Disallow: /battles
Disallow: /consent
Disallow: /admin/
Disallow: /api/
"""


@require_safe
@public_page
def about(request: HttpRequest) -> HttpResponse:
    """What the arena is, for whom, and who runs it."""
    return render(request, "web/about.html", {"section": "about", "contact": settings.ARENA_CONTACT})


@require_safe
@public_page
def methods(request: HttpRequest) -> HttpResponse:
    """How the arena measures."""
    return render(request, "web/text.html", {"text": texts.methods(), "section": "about"})


@require_safe
@cache_control(no_store=True)
def privacy(request: HttpRequest) -> HttpResponse:
    """What is stored, and this browser's own consent with the way to change it."""
    actor = browser_actor(request)
    context = {
        "text": texts.privacy(settings.VOTER_COOKIE, settings.ARENA_CONTACT),
        "consent": consent_of(actor),
        "voter": actor.voter,
        "section": "about",
    }
    return render(request, "web/privacy.html", context)


@require_safe
@public_page
def systems(request: HttpRequest) -> HttpResponse:
    """Every system that ever took part, by arena. Retired ones stay listed."""
    by_arena = {slug: list(of) for slug, of in groupby(public_systems(), key=lambda system: system.arena)}
    arenas = [(arena, by_arena.get(arena.slug, [])) for arena in open_arenas()]
    return render(request, "web/systems.html", {"arenas": arenas, "section": "about"})


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """What crawlers should leave alone: pages that belong to one visitor."""
    return HttpResponse(ROBOTS, content_type="text/plain; charset=utf-8")
