"""What visitors do, in their words."""

import re

from playwright.sync_api import Page, expect

ARENA = "/arenas/text"


def consent(page: Page) -> None:
    """Answer the consent question that a first battle brings up."""
    page.get_by_label("My votes may be used for research").check()
    page.get_by_label("I am at least 16 years old").check()
    page.get_by_role("button", name="Agree and start the battle").click()


def start(page: Page, prompt: str, arena: str = ARENA) -> None:
    """Start a battle as a visitor who may have to consent first; ends on the battle's page."""
    page.goto(arena)
    page.get_by_label("Your prompt").fill(prompt)
    page.get_by_role("button", name="Start battle").click()
    expect(page).to_have_url(re.compile(r"/battles/|/battles$|/consent"))
    if not re.search(r"/battles/[0-9a-f-]{36}", page.url):
        consent(page)
    expect(page).to_have_url(re.compile(r"/battles/[0-9a-f-]{36}"))


def wait_until_ready(page: Page) -> None:
    """Wait until the vote is open."""
    expect(page.get_by_role("button", name="Left is better")).to_be_enabled(timeout=40_000)
