"""The front page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from arena.rankings.activity import arena_states
from arena.systems.services import suggested_prompts
from arena.web.forms import new_key

SUGGESTIONS = 4


@require_safe
@cache_control(no_store=True)
def page(request: HttpRequest) -> HttpResponse:
    """What this is, a prompt box that starts a battle at once, and how each open arena stands."""
    states = arena_states()
    first = states[0].arena if states else None
    context = {
        "states": states,
        "arena": first,
        "key": new_key(),
        "prompt": "",
        "suggestions": suggested_prompts(first, SUGGESTIONS) if first else [],
    }
    return render(request, "web/home.html", context)
