"""What visitors do, in their words."""

import re
import time

from playwright.sync_api import Page, expect

ARENA = "/arenas/text"
CLIPS_MS = 180_000


def consent(page: Page) -> float:
    """Answer the consent question that a first battle brings up; when (s) the battle was asked for."""
    page.get_by_label("My votes may be used for research").check()
    page.get_by_label("I am at least 16 years old").check()
    asked_at_s = time.monotonic()
    page.get_by_role("button", name="Agree and start the battle").click()
    return asked_at_s


def start(page: Page, prompt: str, arena: str = ARENA) -> float:
    """Start a battle as a visitor who may have to consent first; ends on the battle's page.

    Returns:
        When the battle was asked for, in seconds of `time.monotonic`: just before the click.
    """
    page.goto(arena)
    page.get_by_label("Your prompt").fill(prompt)
    asked_at_s = time.monotonic()
    page.get_by_role("button", name="Start battle").click()
    expect(page).to_have_url(re.compile(r"/battles/|/battles$|/consent"))
    if not re.search(r"/battles/[0-9a-f-]{36}", page.url):
        asked_at_s = consent(page)
    expect(page).to_have_url(re.compile(r"/battles/[0-9a-f-]{36}"))
    return asked_at_s


def tab_to(page: Page, selector: str) -> None:
    """Go on by the Tab key to the element that `selector` names."""
    for _press in range(100):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"the Tab key never comes to {selector}")


def wait_until_ready(page: Page) -> None:
    """Wait until the vote is open."""
    expect(page.get_by_role("button", name="Left is better")).to_be_enabled()


def wait_for_clips(page: Page) -> None:
    """Wait until both clips of a battle of music can be played."""
    for side in ("Left clip", "Right clip"):
        expect(page.get_by_role("button", name=f"Play {side}")).to_be_enabled(timeout=CLIPS_MS)
