"""The way from a page of one arena to the same page of another."""

from django import template

from arena.arenas.models import Arena
from arena.arenas.selectors import open_arenas

register = template.Library()


@register.inclusion_tag("web/_arena_switch.html")
def arena_switch(current: Arena, page: str) -> dict[str, object]:
    """Links to `page` (a URL's name) of all open arenas; where there is no other arena, the name of this one."""
    return {"current": current, "page": page, "arenas": open_arenas()}
