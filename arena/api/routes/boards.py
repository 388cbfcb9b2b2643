"""What everybody may read: arenas, systems."""

from django.http import HttpRequest, HttpResponse
from ninja import Router

from arena.api.openapi import problems
from arena.api.rendering import rendered
from arena.api.schemas import ArenaOut, ArenasOut, SystemOut, SystemsOut
from arena.arenas.selectors import open_arenas
from arena.systems.selectors import public_systems, system_counts

router = Router(tags=["public"])
#: Public lists change when an operator changes them; a minute late is soon enough.
LISTS: str = "public, max-age=60"


@router.get("/arenas", operation_id="list_arenas", response={200: ArenasOut, **problems()})
def arenas(request: HttpRequest) -> HttpResponse:
    """The open arenas."""
    counts = system_counts()
    rows = [
        ArenaOut(
            slug=arena.slug,
            name=arena.name,
            description=arena.description,
            modality=arena.modality,
            is_demo=arena.is_demo,
            systems=counts.get(arena.pk, 0),
        )
        for arena in open_arenas()
    ]
    return rendered(ArenasOut(arenas=rows), cache=LISTS)


@router.get("/systems", operation_id="list_systems", response={200: SystemsOut, **problems()})
def systems(request: HttpRequest) -> HttpResponse:
    """Every system ever registered, with all its versions: who stops taking part stays in the list."""
    return rendered(SystemsOut(systems=[SystemOut.model_validate(row) for row in public_systems()]), cache=LISTS)
