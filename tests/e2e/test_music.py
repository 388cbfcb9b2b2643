"""A battle of music in the browser: real music, really played, from the prompt to the reveal."""

import os
import re
import sys
import time

import pytest
import yaml
from playwright.sync_api import Page, expect

from tests.e2e.conftest import ROOT, SCREENSHOTS
from tests.e2e.steps import start
from tests.e2e.test_appearance import LOOKS, WIDE, check
from tests.stack import Stack

pytestmark = pytest.mark.e2e

PROMPT = "A calm slow waltz, 20 s"
READY_MS = 60_000


@pytest.fixture(scope="module", autouse=True)
def music(stack: Stack) -> None:
    """The music arena of the demo, in the stack of all browser tests."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    stack.register(yaml.safe_load((ROOT / "ops" / "demo_music.yaml").read_text("utf-8")))


def wait_for_clips(page: Page) -> None:
    """Wait until both clips can be played."""
    for side in ("Left clip", "Right clip"):
        expect(page.get_by_role("button", name=f"Play {side}")).to_be_enabled(timeout=READY_MS)


def listen(page: Page, clip: str) -> None:
    """Play a clip until the server has heard enough of it."""
    page.get_by_role("button", name=f"Play {clip}").click()
    expect(page.get_by_role("region", name=clip)).to_contain_text("Heard enough to vote", timeout=20_000)


def vote_at_once(page: Page) -> list[object]:
    """Send a vote as a script would: the status, and what is missing."""
    page.context.watch.expected.append("409")  # type: ignore[attr-defined]
    answer: list[object] = page.evaluate(
        """async () => {
            const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
            const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
            const path = `/api/v1${location.pathname}/vote`;
            const response = await fetch(path, { method: "POST", headers, body: JSON.stringify({ outcome: "left" }) });
            return [response.status, (await response.json()).missing];
        }"""
    )
    return answer


def look_at(page: Page, name: str, axe: str) -> None:
    """A picture in both themes and on a phone; each accessible, none wider than its window."""
    for look in LOOKS:
        page.set_viewport_size({"width": look.viewport["width"], "height": look.viewport["height"]})
        page.emulate_media(color_scheme="dark" if look.theme == "dark" else "light", reduced_motion="reduce")
        # The theme changes with a transition and the waveforms are drawn anew.
        page.wait_for_timeout(300)
        check(page, look, name, axe)
    page.set_viewport_size({"width": WIDE["width"], "height": WIDE["height"]})
    page.emulate_media(color_scheme="light")


def test_music_is_heard_voted_on_and_revealed(page: Page, axe: str, capsys: pytest.CaptureFixture[str]) -> None:
    asked_at_s = start(page, PROMPT, "/arenas/music")
    wait_for_clips(page)
    with capsys.disabled():
        sys.stdout.write(f"\nboth clips can be played {time.monotonic() - asked_at_s:.1f} s after the click\n")
    left = page.get_by_role("button", name="Left is better")
    expect(left).to_be_disabled()
    expect(page.locator("#vote-missing")).to_contain_text("To vote, listen to 5 s more of the left clip")
    assert vote_at_once(page) == [409, {"left": 5, "right": 5}]
    look_at(page, "music-ready", axe)

    listen(page, "Left clip")
    expect(page.locator("#vote-missing")).to_contain_text("more of the right clip")
    expect(left).to_be_disabled()
    at_s = page.evaluate("document.querySelector('[data-side=left] audio').currentTime")
    page.keyboard.press("s")
    expect(page.get_by_role("button", name="Pause Right clip")).to_be_visible()
    expect(page.get_by_role("button", name="Play Left clip")).to_be_visible()
    switched_s = page.evaluate("document.querySelector('[data-side=right] audio').currentTime")
    assert at_s - 0.5 <= switched_s <= at_s + 2
    expect(page.get_by_role("region", name="Right clip")).to_contain_text("Heard enough to vote", timeout=20_000)

    expect(left).to_be_enabled()
    # The README's picture, as that of the text arena: a run does not replace it unless it is asked to.
    folder = ROOT / "docs" if os.environ.get("ARENA_NEW_SCREENSHOT") else SCREENSHOTS
    page.evaluate("window.scrollTo(0, 0)")
    page.screenshot(path=folder / "screenshot-music.png", animations="disabled")
    left.click()
    expect(page.get_by_role("heading", name="You voted: Left is better")).to_be_visible()
    names = page.locator(".reveal__name").all_inner_texts()
    assert len(set(names)) == 2
    look_at(page, "music-reveal", axe)


def test_a_reload_comes_back_to_the_same_moment_and_to_what_was_heard(page: Page) -> None:
    start(page, PROMPT, "/arenas/music")
    wait_for_clips(page)
    listen(page, "Right clip")
    page.get_by_role("button", name="Pause Right clip").click()
    at_s = page.evaluate("document.querySelector('[data-side=right] audio').currentTime")
    page.reload()
    wait_for_clips(page)
    expect(page.get_by_role("region", name="Right clip")).to_contain_text("Heard enough to vote")
    expect(page.locator("#vote-missing")).to_have_text(re.compile("5 s more of the left clip"))
    position_s = page.evaluate("document.querySelector('[data-side=right] audio').currentTime")
    assert abs(position_s - at_s) < 0.5
