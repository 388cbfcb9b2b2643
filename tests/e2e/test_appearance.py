"""Every page in both themes and on a phone: no axe violation, no sideways scrolling, a picture of each to look at.

With ARENA_WHOLE_PAGES=1 the pictures in `test-results/screenshots` are of whole pages, else of the first window.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e import contenders
from tests.e2e.conftest import ROOT, SCREENSHOTS, ContextMaker
from tests.e2e.steps import start, wait_until_ready
from tests.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("past")]

WIDE = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}
PAGES = {
    "home": "/",
    "arena": "/arenas/text",
    "leaderboard": "/arenas/text/leaderboard",
    "board-history": "/arenas/text/leaderboard/history",
    "board-matrix": "/arenas/text/leaderboard/matrix",
    "board-value": "/arenas/text/leaderboard/value",
    "transparency": "/arenas/text/transparency",
    "own-ratings": "/battles/ratings",
    "leaderboard-empty": "/arenas/broken/leaderboard",
    "systems": "/systems",
    "releases": "/releases",
    "release": "/releases/text/2026-10",
    "about": "/about",
    "methods": "/methods",
    "privacy": "/privacy",
    "withdraw": "/withdraw",
    "withdraw-everything": "/battles/withdraw",
    "consent": "/consent",
    "not-found": "/nothing-here",
    "api": "/api/",
}


@dataclass(frozen=True)
class Look:
    """One way to see the site."""

    name: str
    theme: str
    viewport: dict[str, int]


LOOKS = (Look("light", "light", WIDE), Look("dark", "dark", WIDE), Look("phone", "light", PHONE))


@pytest.fixture(params=LOOKS, ids=lambda look: look.name)
def seen(request: pytest.FixtureRequest, new_context: ContextMaker) -> Iterator[tuple[Look, BrowserContext]]:
    """A look and a visitor who sees the site that way."""
    look: Look = request.param
    context = new_context(
        color_scheme=look.theme, viewport=look.viewport, device_scale_factor=1, reduced_motion="reduce"
    )
    context.watch.expected.append("404")  # type: ignore[attr-defined]
    return (look, context)  # type: ignore[return-value]


def _violations(page: Page, look: Look, axe: str) -> list[str]:
    page.evaluate(axe)
    # One rule wants the style sheets loaded once more: whether they hold a page to one orientation, as of a phone.
    options = {"resultTypes": ["violations"], "preload": look.viewport == PHONE}
    found = page.evaluate("options => axe.run(document, options).then(found => found.violations)", options)
    return [
        f"{rule['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:300]}"
        for rule in found
        for node in rule["nodes"]
    ]


def check(page: Page, look: Look, name: str, axe: str) -> None:
    """A picture of the page, which must be accessible and fit."""
    page.wait_for_load_state("load")
    page.evaluate("window.scrollTo(0, 0)")
    path = SCREENSHOTS / f"{name}-{look.name}.png"
    if os.environ.get("ARENA_WHOLE_PAGES"):
        # In a picture of the whole page a bar that stays in view would lie across its middle.
        page.evaluate("document.querySelector('.vote__bar')?.style.setProperty('position', 'static')")
        page.screenshot(path=path, full_page=True, animations="disabled")
        page.evaluate("document.querySelector('.vote__bar')?.style.removeProperty('position')")
    else:
        # A tenth of the time, most of which would go into pixels that nobody looks at in an ordinary run.
        page.screenshot(path=path, animations="disabled")
    assert _violations(page, look, axe) == [], name
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= look.viewport["width"], f"{name} scrolls sideways: {width} px"


def test_every_page_is_accessible_and_fits(seen: tuple[Look, BrowserContext], axe: str) -> None:
    look, context = seen
    page = context.new_page()
    for name, path in PAGES.items():
        page.goto(path)
        if name == "leaderboard" and page.locator("#leaderboard-figure").count():
            expect(page.locator("#leaderboard-figure .main-svg").first).to_be_visible()
        check(page, look, name, axe)


def _put(stack: Stack, page: Page, state: str) -> None:
    """Show the page's battle in a state that does not last, or takes a day to come."""
    battle = page.url.partition("#")[0].rpartition("/")[2]
    stack.query("UPDATE battles_battle SET state = %s, reason = '' WHERE id = %s", [state, battle])
    page.reload()


def test_a_battle_is_accessible_and_fits_in_every_state(
    seen: tuple[Look, BrowserContext], axe: str, stack: Stack
) -> None:
    look, context = seen
    page = context.new_page()
    page.goto("/arenas/text")
    page.get_by_label("Your prompt").fill(contenders.LONG)
    page.get_by_role("button", name="Start battle").click()
    expect(page.get_by_role("button", name="Agree and start the battle")).to_be_visible()
    check(page, look, "consent-with-draft", axe)
    start(page, contenders.LONG)
    expect(page.locator(".answer__text").first).to_contain_text("A story")
    check(page, look, "battle-writing", axe)
    start(page, contenders.SHOWN)
    wait_until_ready(page)
    check(page, look, "battle-ready", axe)
    if look.name == "light":
        page.evaluate("window.scrollTo(0, 0)")
        # The README's picture; the sides are drawn, so a run does not replace it unless it is asked to.
        folder = ROOT / "docs" if os.environ.get("ARENA_NEW_SCREENSHOT") else SCREENSHOTS
        page.screenshot(path=folder / "screenshot.png", animations="disabled")
    page.get_by_text("Add reasons").click()
    page.get_by_role("group", name="Left answer: What is good").get_by_label("Clear").check()
    check(page, look, "battle-reasons", axe)
    page.get_by_role("button", name="Report Left answer").click()
    check(page, look, "battle-report", axe)
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Left is better").click()
    expect(page.locator("#reveal")).to_be_visible()
    check(page, look, "battle-revealed", axe)
    start(page, "Is anybody there?", "/arenas/broken")
    expect(page.locator("#failure")).to_be_visible()
    check(page, look, "battle-failed", axe)
    _put(stack, page, "generating")
    expect(page.locator("#progress-text")).to_contain_text("Waiting for both systems")
    check(page, look, "battle-waiting", axe)
    _put(stack, page, "refused")
    expect(page.locator("#failure")).to_be_visible()
    check(page, look, "battle-refused", axe)
    _put(stack, page, "failed")
    start(page, contenders.SHOWN)
    wait_until_ready(page)
    _put(stack, page, "expired")
    expect(page.locator("#failure")).to_be_visible()
    check(page, look, "battle-expired", axe)
    page.goto("/battles")
    check(page, look, "battles", axe)


def test_the_theme_switch_wins_over_the_system_and_is_remembered(page: Page) -> None:
    page.goto("/about")
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)
    switch = page.get_by_role("button", name=re.compile("^Theme"))
    switch.click()
    assert page.evaluate(paper) == light
    switch.click()
    dark = page.evaluate(paper)
    assert dark != light
    expect(switch).to_have_accessible_name("Theme: dark")
    page.reload()
    assert page.evaluate(paper) == dark


@pytest.mark.parametrize("path", ["/", "/arenas/text", "/about"])
def test_the_narrowest_phone_and_the_widest_screen_fit(new_context: ContextMaker, path: str) -> None:
    for width in (320, 2200):
        page = new_context(viewport={"width": width, "height": 800}).new_page()
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_battle_works_without_scripts(new_context: ContextMaker) -> None:
    page = new_context(java_script_enabled=False).new_page()
    page.goto("/arenas/text")
    page.get_by_label("Your prompt").fill(contenders.SHOWN)
    page.get_by_role("button", name="Start battle").click()
    page.get_by_label("My votes may be used for research").check()
    page.get_by_label("I am at least 16 years old").check()
    page.get_by_role("button", name="Agree and start the battle").click()
    expect(page).to_have_url(re.compile(r"/battles/[0-9a-f-]{36}"))
    wait_until_ready(page)  # the page reloads itself
    page.screenshot(path=SCREENSHOTS / "battle-without-scripts.png")
    page.get_by_role("button", name="Right is better").click()
    expect(page.get_by_role("heading", name="You voted: Right is better")).to_be_visible()
    assert len(set(page.locator(".reveal__name").all_inner_texts())) == 2
