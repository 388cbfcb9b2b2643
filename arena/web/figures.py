"""The figures of leaderboards: as Plotly JSON for scripts, and as bar geometry for pages without them.

Colours and fonts are not set here: the script takes them from the page's theme.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import plotly.graph_objects as go
from django.utils.translation import gettext as _

from arena.rankings.history import History
from arena.rankings.matrix import Cell, Matrix
from arena.rankings.value import Value
from arena.web.templatetags.arena_text import percent, rounded

#: The drawing area of one interval bar, in SVG units, and the room left for the dot at both ends.
BAR_WIDTH: Final = 144.0
BAR_MARGIN: Final = 6.0
ROW_HEIGHT_PX: Final = 34
FRAME_HEIGHT_PX: Final = 110
HEAD_HEIGHT_PX: Final = 44


@dataclass(frozen=True, slots=True)
class Rated:
    """A row as far as a figure needs it: a name, and points where there are some."""

    system: str
    rating: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True, slots=True)
class Bar:
    """An interval in SVG units along `BAR_WIDTH`. Strings, so that no locale writes a comma into an attribute."""

    start: str
    at: str
    end: str


def _known(rows: Iterable[Rated]) -> list[tuple[Rated, float, float, float]]:
    return [
        (row, row.rating, row.lower, row.upper)
        for row in rows
        if row.rating is not None and row.lower is not None and row.upper is not None
    ]


def interval_bars(rows: Sequence[Rated]) -> list[Bar | None]:
    """One bar per row on a common scale, None for rows without numbers."""
    known = _known(rows)
    if not known:
        return [None for _row in rows]
    low = min(lower for _row, _rating, lower, _upper in known)
    high = max(upper for _row, _rating, _lower, upper in known)
    scale = (BAR_WIDTH - 2 * BAR_MARGIN) / ((high - low) or 1.0)

    def place(value: float) -> str:
        return f"{BAR_MARGIN + (value - low) * scale:.1f}"

    bars = {id(row): Bar(place(lower), place(rating), place(upper)) for row, rating, lower, upper in known}
    return [bars.get(id(row)) for row in rows]


def leaderboard_figure(rows: Sequence[Rated]) -> dict[str, Any]:
    """Ratings with their intervals as a Plotly figure: {"data": […], "layout": {…}}, the best row on top."""
    known = _known(rows)
    trace = go.Scatter(
        x=[rating for _row, rating, _lower, _upper in known],
        y=[row.system for row, _rating, _lower, _upper in known],
        mode="markers",
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [upper - rating for _row, rating, _lower, upper in known],
            "arrayminus": [rating - lower for _row, rating, lower, _upper in known],
        },
        customdata=[[lower, upper] for _row, _rating, lower, upper in known],
        hovertemplate="%{y}: %{x:.0f} (%{customdata[0]:.0f} – %{customdata[1]:.0f})<extra></extra>",
    )
    return _figure(
        [trace],
        height=FRAME_HEIGHT_PX + ROW_HEIGHT_PX * len(known),
        showlegend=False,
        xaxis={"title": {"text": _("Rating")}, "automargin": True, "zeroline": False, "nticks": 5, "tickangle": 0},
        yaxis={"automargin": True, "autorange": "reversed", "type": "category"},
    )


def bars_figure(rows: Sequence[tuple[str, int]], title: str) -> dict[str, Any]:
    """How often something was counted, one bar per row, in their order from above."""
    trace = go.Bar(
        x=[number for _name, number in rows],
        y=[name for name, _number in rows],
        orientation="h",
        hovertemplate="%{y}: %{x}<extra></extra>",
    )
    return _figure(
        [trace],
        height=FRAME_HEIGHT_PX + ROW_HEIGHT_PX * len(rows),
        showlegend=False,
        xaxis={"title": {"text": title}, "automargin": True, "rangemode": "tozero", "nticks": 5, "tickangle": 0},
        yaxis={"automargin": True, "autorange": "reversed", "type": "category"},
    )


def history_figure(history: History, shown: int) -> dict[str, Any]:
    """Ratings through time: one line for each of the first `shown` contenders, the others as a click on the legend."""
    traces = [
        go.Scatter(
            name=line.system,
            x=[point.at.isoformat() for point in line.points],
            y=[round(point.rating, 1) for point in line.points],
            mode="lines+markers",
            meta="series",
            visible=True if place < shown else "legendonly",
            hovertemplate="%{fullData.name}: %{y:.0f}<extra></extra>",
        )
        for place, line in enumerate(history.lines)
    ]
    return _figure(
        traces,
        height=420,
        showlegend=True,
        legend={"orientation": "h", "y": -0.2},
        xaxis={"automargin": True, "type": "date", "tickangle": 0, "nticks": 5},
        yaxis={"title": {"text": _("Rating"), "standoff": 12}, "automargin": True, "zeroline": False},
    )


def pareto_figure(values: Sequence[Value], name: str, front: str, title: str) -> dict[str, Any]:
    """Rating against a price (the less the better, logarithmic), with the line of those that nobody beats in both.

    Args:
        values: the contenders; those without both numbers are left out.
        name: the field that is the price.
        front: the field that says who is on the front.
        title: of the axis.
    """
    known = [one for one in values if one.rating is not None and (getattr(one, name) or 0) > 0]
    names = [one.system for one in known]
    best = sorted((one for one in known if getattr(one, front)), key=lambda one: float(getattr(one, name)))
    line = go.Scatter(
        x=[getattr(one, name) for one in best],
        y=[one.rating for one in best],
        mode="lines",
        line={"shape": "hv", "dash": "dot"},
        meta="front",
        hoverinfo="skip",
    )
    dots = go.Scatter(
        x=[getattr(one, name) for one in known],
        y=[one.rating for one in known],
        text=names,
        customdata=names,
        mode="markers+text",
        meta="named",
        textposition=_inwards([float(getattr(one, name)) for one in known]),
        cliponaxis=False,
        hovertemplate="%{customdata}: %{y:.0f}, %{x:.4~g}<extra></extra>",
    )
    return _figure(
        [line, dots],
        height=380,
        showlegend=False,
        meta=names,
        # 0.0003 and not 300µ; 0.2 and not a small 2 between 0.1 and 1.
        xaxis={
            "title": {"text": title},
            "type": "log",
            "exponentformat": "none",
            "minorloglabels": "complete",
            "automargin": True,
            "tickangle": 0,
            "nticks": 5,
        },
        yaxis={"title": {"text": _("Rating"), "standoff": 12}, "automargin": True, "zeroline": False},
    )


def matrix_figure(found: Matrix) -> dict[str, Any]:
    """Who is preferred to whom, as shades: rows with the names of systems, columns with the numbers of the rows."""
    numbers = [str(row + 1) for row in range(len(found.names))]
    trace = go.Heatmap(
        z=[[cell and cell.p for cell in row] for row in found.cells],
        x=numbers,
        y=[f"{number} {name}" for number, name in zip(numbers, found.names, strict=True)],
        zmin=0.0,
        zmax=1.0,
        text=[[_in_per_cent(cell) for cell in row] for row in found.cells],
        texttemplate="%{text}",
        hovertext=[_told(row, name, found.names) for row, name in zip(found.cells, found.names, strict=True)],
        hoverinfo="text",
        hoverongaps=False,
        showscale=False,
        xgap=1,
        ygap=1,
        meta="chances",
    )
    axis = {"automargin": True, "type": "category", "tickmode": "linear", "showgrid": False, "tickangle": 0}
    return _figure(
        [trace],
        height=HEAD_HEIGHT_PX + ROW_HEIGHT_PX * len(found.names),
        showlegend=False,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        meta=list(found.names),
        xaxis={**axis, "side": "top"},
        yaxis={**axis, "autorange": "reversed"},
    )


def _in_per_cent(cell: Cell | None) -> str:
    return "" if cell is None or cell.p is None else rounded(100 * cell.p, 0)


def _told(cells: Sequence[Cell | None], name: str, others: Sequence[str]) -> list[str]:
    return [
        "" if cell is None else f"{name} – {other}: {percent(cell.p)} ({percent(cell.lower)} – {percent(cell.upper)})"
        for cell, other in zip(cells, others, strict=True)
    ]


def _inwards(prices: Sequence[float]) -> list[str]:
    """Where the name of each dot stands on a logarithmic axis: towards the middle, so that none leaves the figure."""
    middle = math.sqrt(min(prices, default=1.0) * max(prices, default=1.0))
    return ["top right" if price <= middle else "top left" for price in prices]


def _figure(traces: Sequence[Any], **layout: Any) -> dict[str, Any]:
    margin = {"l": 8, "r": 24, "t": 16, "b": 48}
    figure = go.Figure(list(traces), {"template": go.layout.Template(), "margin": margin, **layout})
    told: dict[str, Any] = figure.to_plotly_json()
    return told
