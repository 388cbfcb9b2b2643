"""Figures in a real browser: names, or numbers and their key, and none covers another."""

import json
import math
import re
from itertools import combinations
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import ContextMaker

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("past")]

VALUE = "/arenas/text/leaderboard/value"
MATRIX = "/arenas/text/leaderboard/matrix"
PHONE = {"width": 390, "height": 844}
WIDE = {"width": 1280, "height": 860}
TRIES, EVERY_MS = 600, 100
COST = '[data-figure="cost-figure-data"]'
_DATA = re.compile(r'(<script id="cost-figure-data" type="application/json">)(.*?)(</script>)', re.DOTALL)
#: (system, US dollars, rating): ten in one heap, like versions of one model, and one far off.
HEAP = [(f"system-of-a-long-name-{n}", 0.001 * 1.01**n, 1000.0 + math.sin(n)) for n in range(10)]
HEAP += [("far", 1.0, 500.0)]
SPREAD = [("Ada", 0.0001, 900.0), ("Bell", 0.001, 1000.0), ("Cray", 0.002, 1004.0), ("Dunn", 0.1, 1100.0)]


def _show(page: Page, systems: list[tuple[str, float, float]]) -> None:
    """The page of costs, its figure about other systems."""

    def other(route: Route) -> None:
        response = route.fetch()
        body, found = _DATA.subn(
            lambda told: told[1] + _about(json.loads(told[2]), systems) + told[3], response.text()
        )
        assert found == 1
        route.fulfill(response=response, body=body)

    page.route(f"**{VALUE}", other)
    page.goto(VALUE)
    page.locator(COST).scroll_into_view_if_needed()


def _about(figure: dict[str, Any], systems: list[tuple[str, float, float]]) -> str:
    names, prices, ratings = (list(column) for column in zip(*systems, strict=True))
    _line, dots = figure["data"]
    dots |= {"x": prices, "y": ratings, "text": names, "customdata": names, "textposition": ["top right"] * len(names)}
    return json.dumps(figure | {"data": [dots], "layout": figure["layout"] | {"meta": names}})


def _covered(page: Page) -> list[tuple[str, str]]:
    """Pairs of labels of which one covers the other."""
    boxes = page.locator(f"{COST} .textpoint text").evaluate_all(
        "all => all.map(one => [one.textContent, one.getBoundingClientRect().toJSON()])"
    )
    return [
        (one, other)
        for (one, a), (other, b) in combinations(boxes, 2)
        if min(a["right"], b["right"]) > max(a["left"], b["left"])
        and min(a["bottom"], b["bottom"]) > max(a["top"], b["top"])
    ]


def _wait_until_none_is_covered(page: Page) -> None:
    """A figure is drawn once to see where its dots are, and again with its labels around them."""
    for _try in range(TRIES):
        if not _covered(page):
            return
        page.wait_for_timeout(EVERY_MS)
    assert _covered(page) == []


def test_names_stand_apart_and_become_numbers_with_a_key_on_a_phone(new_context: ContextMaker) -> None:
    page = new_context(viewport=WIDE).new_page()
    _show(page, SPREAD)
    names = [name for name, _price, _rating in SPREAD]
    expect(page.locator(f"{COST} .textpoint")).to_have_text(names)
    expect(page.locator(f"{COST} + .figure__key")).to_be_hidden()
    _wait_until_none_is_covered(page)
    # Whoever turns the phone gets the other figure.
    page.set_viewport_size(PHONE)
    expect(page.locator(f"{COST} .textpoint")).to_have_text(["1", "2", "3", "4"])
    expect(page.locator(f"{COST} + .figure__key li")).to_have_text(names)
    expect(page.locator(f"{COST} + .figure__key")).to_be_visible()
    _wait_until_none_is_covered(page)
    page.set_viewport_size(WIDE)
    expect(page.locator(f"{COST} .textpoint")).to_have_text(names)


def test_names_without_room_become_numbers_on_a_wide_page_too(new_context: ContextMaker) -> None:
    page = new_context(viewport=WIDE).new_page()
    _show(page, HEAP)
    expect(page.locator(f"{COST} + .figure__key li")).to_have_text([name for name, _price, _rating in HEAP])
    expect(page.locator(f"{COST} + .figure__key")).to_be_visible()
    expect(page.locator(f"{COST} .textpoint")).to_have_text([str(n + 1) for n in range(len(HEAP))])


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_who_beats_whom_is_drawn_beside_its_table(new_context: ContextMaker, viewport: dict[str, int]) -> None:
    page = new_context(viewport=viewport).new_page()
    page.goto(MATRIX)
    plot = page.locator("[data-figure]")
    plot.scroll_into_view_if_needed()
    expect(plot.locator(".heatmaplayer .hm")).to_be_visible()
    systems = page.locator(".matrix tbody th").all_inner_texts()
    rows = plot.locator(".ytick text")
    on_phone = viewport == PHONE
    told = [str(n + 1) if on_phone else f"{n + 1} {name}" for n, name in enumerate(systems)]
    # Plotly counts its labels from below.
    expect(rows).to_have_text(told[::-1])
    expect(plot.locator(".xtick text, .x2tick text")).to_have_text([str(n + 1) for n in range(len(systems))])
    expect(page.locator(".figure__key")).to_be_visible(visible=on_phone)
    # The table is what a keyboard and a screen reader meet.
    assert plot.get_attribute("aria-hidden") == "true"
    assert plot.locator("[tabindex], a, button, input").count() == 0
