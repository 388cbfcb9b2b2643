"""An operator's first day in Chromium: password, authenticator, a test prompt, a pause, the status page."""

import base64
import re
from typing import Any

import pytest
from django_otp.oath import totp
from playwright.sync_api import Page, expect

from tests.e2e import contenders
from tests.e2e.conftest import ContextMaker
from tests.e2e.test_appearance import LOOKS, Look
from tests.e2e.test_appearance import check as check_page
from tests.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("past")]

PASSWORD = "correct horse battery"
LIGHT = LOOKS[0]


@pytest.fixture
def operator(stack: Stack, new_context: ContextMaker, axe: str) -> Page:
    """A page of an operator who went through the first login."""
    stack.manage(
        *("createsuperuser", "--noinput", "--username", "olga", "--email", "olga@example.org"),
        DJANGO_SUPERUSER_PASSWORD=PASSWORD,
    )
    page = _open(new_context, LIGHT)
    page.goto("/admin/status/")
    check_page(page, LIGHT, "admin-login", axe)
    page.get_by_label("Username").fill("olga")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Set up the second factor")).to_be_visible()
    check_page(page, LIGHT, "admin-set-up", axe)
    secret = (page.locator("#secret").text_content() or "").replace(" ", "")
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    page.get_by_label("Code").fill(f"{totp(key):06d}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    assert page.locator(".arena-codes li").count() == 10
    check_page(page, LIGHT, "admin-recovery-codes", axe)
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_role("heading", name="Status")).to_be_visible()
    return page


def _open(new_context: ContextMaker, look: Look, **options: Any) -> Page:
    context = new_context(color_scheme=look.theme, viewport=look.viewport, **options)
    # axe itself copies the style sheets that another one imports (Django's forms.css) into a <style>.
    context.watch.expected.append("Applying inline style")  # type: ignore[attr-defined]
    return context.new_page()


def test_an_operator_logs_in_tries_a_system_pauses_it_and_reads_the_status(
    operator: Page, new_context: ContextMaker, axe: str
) -> None:
    page = operator
    _the_status_page_refreshes_itself(page)
    page.goto("/admin/systems/system/")
    page.get_by_role("link", name="harbour-mini").first.click()
    system = page.url
    page.get_by_role("link", name="Test prompt").click()
    check_page(page, LIGHT, "admin-test-prompt", axe)
    page.get_by_label("Prompt").fill(contenders.HOSTILE)
    page.get_by_role("button", name="Call it once").click()
    expect(page.locator("#trial")).to_contain_text("Answered")
    trial = page.url
    _pause_and_resume(page, system, axe)
    state = page.context.storage_state()
    for look in LOOKS:
        _look_at(
            _open(new_context, look, storage_state=state), look, axe, {"admin-system": system, "admin-trial": trial}
        )


def _the_status_page_refreshes_itself(page: Page) -> None:
    before = page.locator("#status time").text_content() or ""
    expect(page.locator("#status time")).not_to_have_text(before)
    expect(page.get_by_text("worker:streams", exact=True)).to_be_visible()
    page.get_by_role("button", name="Stop refreshing").click()
    expect(page.get_by_role("button", name="Refresh again")).to_be_visible()


def _pause_and_resume(page: Page, system: str, axe: str) -> None:
    for verb, pool in (("Pause", "Paused"), ("Resume", "Drawn")):
        page.goto(system)
        page.get_by_role("button", name=f"{verb}…").click()
        expect(page.get_by_role("heading", name=f"{verb} these systems?")).to_be_visible()
        check_page(page, LIGHT, f"admin-{verb.lower()}", axe)
        page.get_by_label("Why?").fill("Only for the test")
        page.get_by_role("button", name=verb, exact=True).click()
        expect(page.locator(".messagelist")).to_have_text(re.compile(f"1 {verb.lower()}d"))
        page.goto(system)
        expect(page.locator(".field-pool")).to_contain_text(pool)


def _look_at(page: Page, look: Look, axe: str, more: dict[str, str]) -> None:
    pages = {
        "admin-index": "/admin/",
        "admin-status": "/admin/status/",
        "admin-systems": "/admin/systems/system/",
        "admin-battles": "/admin/battles/battle/",
        "admin-reports": "/admin/battles/report/",
        "admin-audit": "/admin/common/auditentry/",
        "admin-token": "/admin/accounts/apitoken/add/",
        "admin-operators": "/admin/auth/user/",
    }
    for name, address in (pages | more).items():
        page.goto(address)
        check_page(page, look, name, axe)
    page.goto("/admin/battles/battle/")
    page.locator("#result_list tbody th a").first.click()
    check_page(page, look, "admin-battle", axe)
