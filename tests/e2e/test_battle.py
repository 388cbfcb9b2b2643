"""A battle in the browser, from the prompt to the reveal."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import contenders
from tests.e2e.steps import start, wait_until_ready

pytestmark = pytest.mark.e2e


def test_a_visitor_starts_reads_votes_with_reasons_and_sees_who_it_was(page: Page) -> None:
    start(page, contenders.SHOWN)
    left = page.get_by_role("region", name="Left answer")
    right = page.get_by_role("region", name="Right answer")
    expect(page.get_by_role("button", name="Tie")).to_be_disabled()
    wait_until_ready(page)
    for answer in (left, right):
        expect(answer.locator(".answer__text")).not_to_be_empty()
        expect(answer.locator("[data-system]")).to_be_empty()
    page.get_by_text("Add reasons").click()
    page.get_by_role("group", name="Left answer: What is good").get_by_label("Clear").check()
    page.get_by_label("In your words, about the right answer").fill("Too short.")
    page.get_by_role("button", name="Left is better").click()
    expect(page.get_by_role("heading", name="You voted: Left is better")).to_be_focused()
    names = page.locator(".reveal__name").all_inner_texts()
    assert len(set(names)) == 2
    expect(left.locator("[data-system]")).to_have_text(names[0])
    expect(page.get_by_role("button", name="Left is better")).to_be_hidden()
    page.reload()
    assert page.locator(".reveal__name").all_inner_texts() == names
    expect(page.get_by_role("link", name="New battle")).to_be_visible()


def test_the_whole_battle_works_by_keyboard_alone(page: Page) -> None:
    start(page, contenders.SHOWN)
    wait_until_ready(page)
    page.goto("/arenas/text")
    for _step in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "prompt":
            break
    page.keyboard.type(contenders.SHOWN)
    page.keyboard.press("Control+Enter")
    expect(page).to_have_url(re.compile(r"/battles/[0-9a-f-]{36}"))
    wait_until_ready(page)
    page.keyboard.press("4")
    expect(page.get_by_role("button", name="Right is better")).to_be_focused()
    expect(page.locator("#reveal")).to_be_hidden()
    page.keyboard.press("4")
    expect(page.get_by_role("heading", name="You voted: Right is better")).to_be_visible()


def test_keys_do_nothing_in_a_field_or_when_switched_off(page: Page) -> None:
    start(page, contenders.SHOWN)
    wait_until_ready(page)
    page.get_by_label("Ask both systems further").focus()
    page.keyboard.type("11")
    expect(page.locator("#reveal")).to_be_hidden()
    page.get_by_label("press twice to vote").uncheck()
    page.locator("h1").click()
    page.keyboard.press("1")
    expect(page.get_by_role("button", name="Left is better")).not_to_be_focused()


def test_a_follow_up_goes_to_the_same_systems_and_one_vote_ends_it(page: Page) -> None:
    start(page, contenders.LONG)
    expect(page.locator(".answer__text").first).to_contain_text("A story")
    page.get_by_role("button", name="Stop generating").click()
    wait_until_ready(page)
    page.get_by_label("Ask both systems further").fill(contenders.MORE)
    page.get_by_role("button", name="Send a follow-up").click()
    expect(page.locator("[data-turn='2'] .answer__text").first).to_contain_text("It ended well.")
    wait_until_ready(page)
    expect(page.get_by_role("region", name="Left answer", exact=True)).to_have_count(1)
    expect(page.get_by_role("group", name="Left answer, turn 1")).to_be_visible()
    page.get_by_role("button", name="Both are bad").click()
    expect(page.get_by_role("heading", name="You voted: Both are bad")).to_be_visible()
    expect(page.get_by_label("Ask both systems further")).to_be_hidden()
    page.reload()
    expect(page.locator("[data-turn='2'] .answer__text").first).to_contain_text("It ended well.")


def test_same_prompt_again_starts_a_new_battle(page: Page) -> None:
    start(page, contenders.SHOWN)
    wait_until_ready(page)
    page.get_by_role("button", name="Tie").click()
    first = page.url
    page.get_by_role("button", name="Same prompt again").click()
    expect(page).not_to_have_url(first)
    expect(page.locator(".asked__text")).to_have_text(contenders.SHOWN)


def test_a_draft_survives_a_reload_and_goes_when_the_battle_starts(page: Page) -> None:
    page.goto("/arenas/text")
    page.get_by_label("Your prompt").fill("A thought that I have not finis")
    page.reload()
    expect(page.get_by_label("Your prompt")).to_have_value("A thought that I have not finis")
    page.locator("[data-suggestion]").first.click()
    expect(page.get_by_label("Your prompt")).to_have_value(contenders.SHOWN)
    start(page, contenders.SHOWN)
    page.goto("/arenas/text")
    expect(page.get_by_label("Your prompt")).to_have_value("")


def test_an_answer_and_its_code_are_copied_raw_and_it_is_reported_once(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    start(page, contenders.SHOWN)
    wait_until_ready(page)
    page.get_by_role("button", name="Copy Left answer").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    stored = page.request.get(page.url.replace("/battles/", "/api/v1/battles/")).json()
    assert copied == stored["turns"][0]["left"]["text"]
    expect(page.locator(".answer__text math")).to_have_count(1)
    page.locator(".answer__text pre").hover()
    page.get_by_role("button", name="Copy code").click()
    assert page.evaluate("navigator.clipboard.readText()").startswith("def cancelled(outside: list[float])")
    for words in ("An operator will look at it", "You have reported this answer already"):
        page.get_by_role("button", name="Report Left answer").click()
        page.get_by_role("dialog").get_by_label("What is wrong with it?").select_option("other")
        page.get_by_role("dialog").get_by_role("button", name="Send report").click()
        expect(page.locator("#connection")).to_contain_text(words)
        page.context.watch.expected.append("409")  # type: ignore[attr-defined]


def test_a_failed_battle_says_so_and_starts_again_with_its_prompt(page: Page) -> None:
    start(page, "Is anybody there?", "/arenas/broken")
    expect(page.locator("#failure")).to_be_visible()
    expect(page.get_by_role("button", name="Left is better")).to_be_hidden()
    first = page.url
    page.get_by_role("button", name="Start again").click()
    expect(page).not_to_have_url(first)
    expect(page.locator(".asked__text")).to_have_text("Is anybody there?")


def test_two_tabs_of_one_battle_end_with_one_vote(page: Page) -> None:
    start(page, contenders.SHOWN)
    wait_until_ready(page)
    other = page.context.new_page()
    other.goto(page.url)
    page.get_by_role("button", name="Tie").click()
    expect(page.get_by_role("heading", name="You voted: Tie")).to_be_visible()
    page.context.watch.expected.append("409")  # type: ignore[attr-defined]
    other.get_by_role("button", name="Both are bad").click()
    expect(other.get_by_role("heading", name="You voted: Tie")).to_be_visible()
