"""Output that attacks the reader does nothing."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import contenders
from tests.e2e.steps import start, wait_until_ready

pytestmark = pytest.mark.e2e


def test_hostile_markdown_runs_nothing_and_loads_nothing(page: Page) -> None:
    start(page, contenders.HOSTILE)
    wait_until_ready(page)
    address = page.url
    left = page.get_by_role("region", name="Left answer")
    expect(left.locator(".answer__text")).to_contain_text("The end.")
    assert page.evaluate("window.hacked") is None
    for selector in ("img", "iframe", "script", "style", "form", "svg", "link", "meta", "input", "math"):
        expect(left.locator(f".answer__text {selector}")).to_have_count(0)
    links = left.locator(".answer__text a")
    assert [link.get_attribute("href") for link in links.all()] == ["https://good.example/page"]
    assert links.first.get_attribute("rel") == "noopener noreferrer nofollow"
    for element in left.locator(".answer__text *").all():
        assert element.evaluate("e => [...e.attributes].every(a => !a.name.startsWith('on') && a.name !== 'style')")
    page.mouse.move(5, 5)
    assert page.url == address
    # What left for outside, and every dialog, is checked when the context closes.


def test_trusted_types_let_no_other_script_write_html(page: Page) -> None:
    start(page, contenders.SHOWN)
    page.context.watch.expected.append("TrustedHTML")  # type: ignore[attr-defined]
    refused = page.evaluate(
        "() => { try { document.createElement('div').innerHTML = '<b>x</b>'; return false; } catch { return true; } }"
    )
    assert refused


def test_inline_script_and_outside_addresses_are_forbidden_by_the_policy(page: Page) -> None:
    response = page.goto("/arenas/text")
    assert response is not None
    policy = response.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    page.context.watch.expected += ["Content Security Policy", "Fetch API cannot load"]  # type: ignore[attr-defined]
    assert page.evaluate("fetch('https://evil.example/').then(() => 'sent', () => 'refused')") == "refused"
    page.context.watch.outside.clear()  # type: ignore[attr-defined]
