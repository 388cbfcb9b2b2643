"""Who answers for the routers of a pairing: asked with the draw, kept beside it."""

from collections.abc import Sequence

from arena.router.models import Pairing, Route
from arena.systems.models import SystemVersion
from arena.systems.services import Answerer, is_router


def equals(sides: Sequence[SystemVersion], answerers: Sequence[Answerer]) -> frozenset[int]:
    """The router to leave out where one system would answer on both sides; empty where two would."""
    if len({one.version for one in answerers}) > 1:
        return frozenset()
    return frozenset({next(side.pk for side in sides if is_router(side))})


def keep_routes(pairing: Pairing, answerers: Sequence[Answerer]) -> Pairing:
    """Keep who answers for a router; nothing where none was drawn."""
    Route.objects.bulk_create(
        Route(pairing=pairing, side=side, member=one.version, scores=dict(one.scores))
        for side, one in zip(("left", "right"), answerers, strict=True)
        if one.scores is not None
    )
    return pairing


def member_for(version: SystemVersion, pairing_id: int, side: str) -> SystemVersion | None:
    """Who answers for a router that stands on this side of a pairing; None for any other system."""
    if not is_router(version):
        return None
    routes = Route.objects.select_related("member__system")
    return routes.get(pairing_id=pairing_id, side=side).member
