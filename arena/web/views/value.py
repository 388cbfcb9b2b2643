"""Score beside cost, speed and reliability."""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from arena.arenas.models import Modality
from arena.arenas.selectors import open_arena
from arena.rankings.selectors import leaderboard
from arena.rankings.value import PRICE_IN_TIME, WINDOW, Value, values_of
from arena.web.board_query import columns_of, ordered
from arena.web.figures import pareto_figure
from arena.web.public import public_page
from arena.web.refusals import answers_refusals
from arena.web.views.boards import context_of

VALUE_COLUMNS: Final = (
    *("rating", "availability", "ttft_p50_s", "ttft_p95_s", "latency_p50_s", "latency_p95_s"),
    *("output_tokens", "cost_per_answer_usd", "cost_per_win_usd", "energy_wh", "speed_factor"),
)
VALUE_FALLING: Final = frozenset({"rating", "availability", "speed_factor"})

#: The title of the axis of a price in time.
SPEED_TITLES: Final = {
    "latency_p50_s": _("Seconds to the whole answer (median)"),
    "wait_per_minute_s": _("Seconds of waiting per minute of music (median)"),
}


@require_safe
@answers_refusals
@public_page
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """Score beside cost and speed."""
    arena = open_arena(slug)
    board = leaderboard(arena)
    order = request.GET.get("order", "rating")
    order = order if order.removeprefix("-") in VALUE_COLUMNS else "rating"
    values = values_of(arena, board)
    speed = PRICE_IN_TIME[arena.modality]
    context = context_of(
        arena,
        "value",
        is_music=arena.modality == Modality.MUSIC,
        values=ordered(values, order, _value_key, VALUE_FALLING),
        columns=columns_of(request.GET, order, VALUE_COLUMNS, VALUE_FALLING),
        days=WINDOW.days,
        declared=any(one.energy_wh is not None for one in values),
        used=any(one.calls for one in values),
        made_up=sum(one.simulated for one in values),
        cost_figure=_pareto(values, "cost_per_answer_usd", "on_cost_front", str(_("US dollars per answer"))),
        speed_figure=_pareto(values, speed, "on_speed_front", str(SPEED_TITLES[speed])),
    )
    return render(request, "web/value.html", context)


def _value_key(one: Value, name: str) -> float | None:
    found: float | None = one.rating if name == "rating" else getattr(one, name)
    return found


def _pareto(values: list[Value], name: str, front: str, title: str) -> dict[str, Any] | None:
    known = any(one.rating is not None and getattr(one, name) for one in values)
    return pareto_figure(values, name, front, title) if known else None
