"""Battles of music in the demo as it comes: real music, really played, from the prompt to the reveal."""

import os
import re
import sys
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from ops.processes import wait_until
from tests.demo import running_demo
from tests.e2e.conftest import ROOT, SCREENSHOTS
from tests.e2e.steps import start, tab_to, wait_for_clips
from tests.e2e.test_appearance import LOOKS, WIDE, check
from tests.stack import Stack

pytestmark = pytest.mark.e2e

PROMPT = "A calm slow waltz, 20 s"
HEARD_MS = 120_000
POOL_S = 300
_IN_THE_POOL = (
    "SELECT prompt FROM battles_prefetched p JOIN battles_battle b ON b.id = p.battle_id"
    " WHERE state = 'ready' AND taken_at IS NULL ORDER BY p.created_at"
)
#: When (s) each side of a battle was begun and its turn done, from when a visitor asked for it on.
_MADE = (
    "SELECT extract(epoch FROM r.created_at - p.taken_at), extract(epoch FROM t.finished_at - p.taken_at)"
    " FROM battles_prefetched p JOIN battles_turn t USING (battle_id) JOIN battles_response r ON r.turn_id = t.id"
    " WHERE battle_id = %s"
)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The demo, in place of the arena of all other browser tests."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with running_demo(tmp_path_factory.mktemp("demo")) as demo:
        yield demo


def listen(page: Page, clip: str) -> None:
    """Play a clip until the server has heard enough of it."""
    page.get_by_role("button", name=f"Play {clip}").click()
    hear(page, clip)


def hear(page: Page, clip: str) -> None:
    """Wait until the server has heard enough of a clip that plays."""
    expect(page.get_by_role("region", name=clip)).to_contain_text("Heard enough to vote", timeout=HEARD_MS)


def tell(capsys: pytest.CaptureFixture[str], prompt: str, asked_at_s: float) -> None:
    """Print how long both players took."""
    waited_s = time.monotonic() - asked_at_s
    with capsys.disabled():
        sys.stdout.write(f"\n{prompt}: both clips can be played {waited_s:.1f} s after the click\n")


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
    tell(capsys, "own prompt", asked_at_s)
    left = page.get_by_role("button", name="Left is better")
    expect(left).to_be_disabled()
    expect(page.locator("#vote-missing")).to_contain_text("To vote, listen to 5 s more of the left clip")
    assert vote_at_once(page) == [409, {"left": 5, "right": 5}]
    look_at(page, "music-ready", axe)

    listen(page, "Left clip")
    expect(page.locator("#vote-missing")).to_contain_text("more of the right clip")
    expect(left).to_be_disabled()
    read_at_s = time.monotonic()
    at_s = page.evaluate("document.querySelector('[data-side=left] audio').currentTime")
    page.keyboard.press("s")
    expect(page.get_by_role("button", name="Pause Right clip")).to_be_visible()
    expect(page.get_by_role("button", name="Play Left clip")).to_be_visible()
    switched_s = page.evaluate("document.querySelector('[data-side=right] audio').currentTime")
    assert at_s - 0.5 <= switched_s <= at_s + 0.5 + time.monotonic() - read_at_s
    hear(page, "Right clip")

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


def prompt_of_the_pool(stack: Stack) -> str:
    """A suggested prompt for which a battle lies ready."""
    found: list[str] = []

    def ready() -> bool:
        found[:] = [row[0] for row in stack.query(_IN_THE_POOL)]
        return bool(found)

    assert wait_until(ready, timeout_s=POOL_S, every_s=0.2), stack.logs()
    return found[0]


def ask_by_keys(page: Page, suggestion: str) -> float:
    """Choose a suggestion, start its battle and consent, without a mouse; when (s) that was."""
    page.goto("/arenas/music")
    tab_to(page, f'[data-suggestion="{suggestion}"]')
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your prompt")).to_be_focused()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("button", name="Agree and start the battle")).to_be_visible()
    for name in ("research", "age_16"):
        tab_to(page, f"[name={name}]")
        page.keyboard.press("Space")
    tab_to(page, "button.button--primary")
    asked_at_s = time.monotonic()
    page.keyboard.press("Enter")
    return asked_at_s


def test_a_suggested_prompt_is_there_at_once_and_a_battle_needs_no_mouse(
    page: Page, stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    prompt = prompt_of_the_pool(stack)
    asked_at_s = ask_by_keys(page, prompt)
    wait_for_clips(page)
    tell(capsys, "suggested prompt", asked_at_s)
    made = stack.query(_MADE, [page.url.rpartition("/")[2]])
    assert len(made) == 2
    assert all(begun_s < 0 and done_s < 0 for begun_s, done_s in made)

    tab_to(page, "[data-side=right] [data-play]")
    page.keyboard.press("Enter")
    hear(page, "Right clip")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play Right clip")).to_be_visible()
    at_s = page.evaluate("document.querySelector('[data-side=right] audio').currentTime")

    # A reload comes back to the same moment, and to what was heard.
    page.reload()
    wait_for_clips(page)
    expect(page.get_by_role("region", name="Right clip")).to_contain_text("Heard enough to vote")
    expect(page.locator("#vote-missing")).to_have_text(re.compile("5 s more of the left clip"))
    position_s = page.evaluate("document.querySelector('[data-side=right] audio').currentTime")
    assert abs(position_s - at_s) < 0.5

    page.keyboard.press("s")
    page.keyboard.press("k")
    hear(page, "Left clip")
    page.keyboard.press("k")
    page.keyboard.press("2")
    expect(page.get_by_role("button", name="Tie")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="You voted: Tie")).to_be_focused()
    assert len(set(page.locator(".reveal__name").all_inner_texts())) == 2


def test_what_is_understood_can_be_corrected_in_every_look(page: Page, axe: str) -> None:
    page.goto("/arenas/music")
    page.get_by_label("Your prompt").fill("A slow waltz, sung in French, for three minutes")
    # Longer than a clip can be: it says so before anything is made.
    expect(page.locator("#requirement-summary")).to_contain_text("120 s at most")
    page.get_by_text("Correct what is understood").click()
    page.get_by_label("Genres, separated by commas").fill("musette, chanson")
    page.get_by_label("Length in seconds").fill("20")
    page.get_by_label("Your own lyrics").fill("Sous le ciel de novembre\nla lampe danse encore")
    expect(page.locator("#requirement-summary")).to_contain_text("20 s")
    expect(page.locator("#requirement-summary")).to_contain_text("musette")
    look_at(page, "music-form", axe)
