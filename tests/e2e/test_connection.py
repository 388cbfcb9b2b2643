"""The live connection breaks; the text does not."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import contenders
from tests.e2e.steps import start, wait_until_ready

pytestmark = pytest.mark.e2e


def _first_words(page: Page) -> None:
    expect(page.locator(".answer__text").first).to_contain_text("A story")


def _assert_stored_text_is_shown(page: Page) -> None:
    stored = page.request.get(page.url.replace("/battles/", "/api/v1/battles/")).json()["turns"][0]
    for side in ("left", "right"):
        shown = page.locator(f".answer[data-side={side}] .answer__text")
        # The story has no Markdown but emphasis and paragraphs.
        expected = " ".join(stored[side]["text"].replace("*", "").split())
        assert " ".join(shown.inner_text().split()) == expected


def test_a_reload_in_mid_stream_goes_on_and_ends_with_the_stored_text(page: Page) -> None:
    start(page, contenders.LONG)
    _first_words(page)
    page.reload()
    _first_words(page)
    wait_until_ready(page)
    _assert_stored_text_is_shown(page)


def test_a_broken_network_is_noticed_and_resumed(page: Page) -> None:
    page.context.watch.expected += ["ERR_INTERNET_DISCONNECTED", "WebSocket"]  # type: ignore[attr-defined]
    start(page, contenders.LONG)
    _first_words(page)
    page.context.set_offline(offline=True)
    expect(page.locator("#connection")).to_contain_text("You are offline")
    page.context.set_offline(offline=False)
    expect(page.locator("#connection")).to_be_hidden()
    wait_until_ready(page)
    _assert_stored_text_is_shown(page)


def test_a_vote_whose_answer_got_lost_is_sent_again_and_counts_once(page: Page) -> None:
    page.context.watch.expected += ["ERR_CONNECTION_RESET"]  # type: ignore[attr-defined]
    start(page, contenders.SHOWN)
    wait_until_ready(page)
    lost: list[str] = []

    def lose_first(route: object) -> None:
        if lost:
            route.continue_()  # type: ignore[attr-defined]
            return
        lost.append("answer")
        route.fetch()  # type: ignore[attr-defined]
        route.abort("connectionreset")  # type: ignore[attr-defined]

    page.route("**/vote", lose_first)
    page.get_by_role("button", name="Right is better").click()
    expect(page.get_by_role("heading", name="You voted: Right is better")).to_be_visible()
    assert lost == ["answer"]
