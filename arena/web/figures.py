"""The figure of a leaderboard: as Plotly JSON for scripts, and as bar geometry for pages without them.

Colours and fonts are not set here: the script takes them from the page's theme.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import plotly.graph_objects as go
from django.utils.translation import gettext as _

#: The drawing area of one interval bar, in SVG units, and the room left for the dot at both ends.
BAR_WIDTH: Final = 144.0
BAR_MARGIN: Final = 6.0
ROW_HEIGHT_PX: Final = 34
FRAME_HEIGHT_PX: Final = 110


class Rated(Protocol):
    """A row of a leaderboard, as far as a figure needs it. Numbers on the rating scale."""

    @property
    def system(self) -> str:
        """The system's name."""
        ...

    @property
    def rating(self) -> float | None:
        """The rating, or None where there is no number."""
        ...

    @property
    def lower(self) -> float | None:
        """Lower end of the 95 % interval."""
        ...

    @property
    def upper(self) -> float | None:
        """Upper end of the 95 % interval."""
        ...


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
    layout = {
        "template": go.layout.Template(),
        "height": FRAME_HEIGHT_PX + ROW_HEIGHT_PX * len(known),
        "showlegend": False,
        "margin": {"l": 8, "r": 24, "t": 16, "b": 48},
        "xaxis": {"title": {"text": _("Rating")}, "automargin": True, "zeroline": False, "nticks": 5, "tickangle": 0},
        "yaxis": {"automargin": True, "autorange": "reversed", "type": "category"},
    }
    figure: dict[str, Any] = go.Figure(trace, layout).to_plotly_json()
    return figure
