"""The figure and the bars say what the table says."""

import json
from dataclasses import dataclass

import pytest

from arena.rankings.matrix import Cell, Matrix
from arena.web.figures import (
    BAR_MARGIN,
    BAR_WIDTH,
    interval_bars,
    leaderboard_figure,
    matrix_figure,
    pareto_figure,
)


@dataclass(frozen=True)
class Row:
    system: str
    rating: float | None = None
    lower: float | None = None
    upper: float | None = None


BEST = Row("best", 1100.0, 1050.0, 1150.0)
WORST = Row("worst", 900.0, 850.0, 950.0)
UNRATED = Row("new")


def test_bars_share_one_scale_from_the_lowest_to_the_highest_end() -> None:
    best, worst, unrated = interval_bars([BEST, WORST, UNRATED])
    assert best is not None
    assert worst is not None
    assert unrated is None
    assert float(worst.start) == BAR_MARGIN
    assert float(best.end) == BAR_WIDTH - BAR_MARGIN
    assert float(worst.start) < float(worst.at) < float(worst.end) < float(best.start)


@pytest.mark.parametrize("rows", [[], [UNRATED], [UNRATED, UNRATED]])
def test_without_numbers_there_are_no_bars(rows: list[Row]) -> None:
    assert interval_bars(rows) == [None] * len(rows)


def test_one_rating_without_width_is_no_division_by_zero() -> None:
    bar = interval_bars([Row("only", 1000.0, 1000.0, 1000.0)])[0]
    assert bar is not None
    assert bar.start == bar.at == bar.end


def test_two_rows_that_are_equal_both_get_their_bar() -> None:
    first, second = interval_bars([Row("a", 1.0, 0.0, 2.0), Row("a", 1.0, 0.0, 2.0)])
    assert first == second != None  # noqa: E711 - both are there


def test_the_figure_is_plain_json_with_asymmetric_intervals() -> None:
    figure = json.loads(json.dumps(leaderboard_figure([BEST, UNRATED, WORST])))
    trace = figure["data"][0]
    assert trace["y"] == ["best", "worst"]
    assert trace["error_x"]["symmetric"] is False
    assert figure["layout"]["yaxis"]["autorange"] == "reversed"


def test_the_figure_brings_no_colours_of_its_own() -> None:
    assert "#" not in json.dumps(leaderboard_figure([BEST, WORST]))


def test_names_that_look_like_numbers_stay_names() -> None:
    figure = leaderboard_figure([Row("42", 1.0, 0.0, 2.0)])
    assert figure["layout"]["yaxis"]["type"] == "category"


@dataclass(frozen=True)
class Priced:
    system: str
    rating: float
    cost_usd: float
    on_front: bool = True


def test_names_of_dots_stand_towards_the_middle_and_prices_are_written_out() -> None:
    values = [Priced("dear", 1000.0, 0.02), Priced("cheap", 900.0, 0.0003), Priced("middle", 950.0, 0.001)]
    figure = pareto_figure(values, "cost_usd", "on_front", "US dollars")  # type: ignore[arg-type]
    dots = figure["data"][1]
    assert dict(zip(dots["text"], dots["textposition"], strict=True)) == {
        "dear": "top left",
        "cheap": "top right",
        "middle": "top right",
    }
    assert figure["layout"]["xaxis"]["exponentformat"] == "none"
    assert figure["layout"]["meta"] == dots["customdata"] == dots["text"]


def test_the_matrix_shades_what_its_table_says_and_leaves_what_is_unknown_empty() -> None:
    known, less = Cell(8, 6.0, 0.75, 0.6, 0.86), Cell(8, 2.0, 0.25, 0.14, 0.4)
    unknown = Cell(0, 0.0)
    found = Matrix(
        "all", ("Ada", "Bell", "42"), ((None, known, unknown), (less, None, unknown), (unknown, unknown, None))
    )
    figure = json.loads(json.dumps(matrix_figure(found)))
    trace, layout = figure["data"][0], figure["layout"]
    assert trace["z"] == [[None, 0.75, None], [0.25, None, None], [None, None, None]]
    assert (trace["zmin"], trace["zmax"]) == (0.0, 1.0)
    assert trace["y"] == ["1 Ada", "2 Bell", "3 42"]
    assert trace["x"] == ["1", "2", "3"]
    assert trace["text"][0] == ["", "75", ""]
    assert trace["hovertext"][1][0] == "Bell – Ada: 25 % (14 % – 40 %)"
    assert layout["meta"] == ["Ada", "Bell", "42"]
    assert {layout[axis]["type"] for axis in ("xaxis", "yaxis")} == {"category"}
    assert "#" not in json.dumps(figure)
