"""The battle page and its forms."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse


def page(request: HttpRequest, battle_id: UUID) -> HttpResponse:
    """The battle as its voter may see it now."""
    raise Http404(str(battle_id))


turn = vote = stop = report = page
