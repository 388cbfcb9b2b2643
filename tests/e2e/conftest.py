"""Chromium against the whole arena. Every page is watched: no script error, no request to anywhere else."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e import contenders
from tests.e2e.chromium import chromium
from tests.stack import Stack, running_stack

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / "test-results" / "screenshots"
#: Longer than anything takes on a machine however busy.
_WAIT_MS = 60_000
expect.set_options(timeout=_WAIT_MS)


@dataclass
class Watch:
    """What went on in a browser context that no visitor should meet."""

    origin: str
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    #: Parts of console errors that the test provokes itself.
    expected: list[str] = field(default_factory=list)

    def attach(self, page: Page) -> None:
        """Watch one page."""
        page.on("request", lambda request: self._request(request.url))
        page.on("console", lambda message: self._console(message.type, message.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("dialog", self._dialog)

    def _request(self, url: str) -> None:
        own = (self.origin, self.origin.replace("http", "ws", 1), "data:", "blob:", "about:")
        if not url.startswith(own):
            self.outside.append(url)

    def _console(self, kind: str, text: str) -> None:
        if kind == "error" and not any(part in text for part in self.expected):
            self.errors.append(text)

    def _dialog(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One arena for all browser tests."""
    var: Path = tmp_path_factory.mktemp("browser")
    env = {"ARENA_PRIVATE_BACKENDS": "127.0.0.1:9"}
    with running_stack(var, *contenders.arenas(var), env=env) as running:
        yield running


@pytest.fixture(scope="package")
def past(stack: Stack) -> None:
    """Votes on the leaderboard, simulated, and a release: for the tests that look at all pages."""
    simulate = ("simulate_votes", "--arena", "text")
    october = ("--from", "2026-10-01", "--to", "2026-11-01")
    release = ("--arena", "text", "--window", "2026-10")
    stack.manage_all(
        (*simulate, "--battles", "120", "--seed", "7"),
        (*simulate, "--battles", "60", "--seed", "8", *october),
        ("release", "build", *release, "--no-embargo"),
        ("release", "publish", *release),
    )


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One browser for all tests."""
    with chromium() as running:
        yield running


ContextMaker = Callable[..., BrowserContext]


@pytest.fixture
def new_context(browser: Browser, stack: Stack) -> Iterator[ContextMaker]:
    """Makes browser contexts (visitors without cookies) that are watched; checks them at the end."""
    made: list[tuple[BrowserContext, Watch]] = []

    def make(**options: Any) -> BrowserContext:
        defaults: dict[str, Any] = {
            "base_url": stack.url,
            "viewport": {"width": 1280, "height": 860},
            "locale": "en-GB",
        }
        context = browser.new_context(**(defaults | options))
        context.set_default_timeout(_WAIT_MS)
        watch = Watch(stack.url)
        context.on("page", watch.attach)
        context.watch = watch  # type: ignore[attr-defined]
        made.append((context, watch))
        return context

    yield make
    for context, watch in made:
        context.close()
        assert watch.outside == []
        assert watch.errors == []
        assert watch.dialogs == []


@pytest.fixture
def page(new_context: ContextMaker) -> Page:
    """One page of one new visitor."""
    return new_context().new_page()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    path = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
    return path.read_text(encoding="utf-8")
