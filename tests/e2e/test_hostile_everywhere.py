"""Attacks in every text that somebody else may write: answers, prompts, feedback, names of systems. Nothing runs."""

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, WebSocketRoute, expect

from tests.e2e.conftest import ContextMaker
from tests.e2e.steps import start, wait_until_ready
from tests.stack import Stack
from tests.support.hostile import EVIL, PAYLOADS

pytestmark = pytest.mark.e2e
SLUG = "hostile"
SIDES = ("left", "right")
#: The guard takes no control characters.
PROMPT = "\n\n".join(payload for payload in PAYLOADS if payload.isprintable() or "\n" in payload)
SHORT_PROMPT = "Be brief."
OUTPUT = "\n\n".join(PAYLOADS)
MAX_FIELD_CHARS = 120
FEEDBACK_CHARS = 2000
#: So many attacks at least run, and so many addresses are fetched, where there are no walls.
RUN, FETCHED = 40, 15


def _fits(payload: str) -> bool:
    return len(payload) <= MAX_FIELD_CHARS


def _cards() -> list[dict[str, Any]]:
    """Systems whose names, organisations and licences are attacks; they answer nothing."""
    fields = [payload for payload in PAYLOADS if _fits(payload)]
    names = [payload for payload in fields if "\n" not in payload and payload == payload.strip()]
    others = [payload for payload in fields if payload not in names]
    cards = []
    while names:
        name = names.pop()
        organisation, licence = ((others or names or [name]).pop() for _ in range(2))
        link = f"https://a.example/{name}"
        cards.append({"name": name, "organisation": organisation, "licence": licence, "links": {"x": link}})
    return cards


def _feedback() -> Iterator[str]:
    """All payloads in as few texts as fit."""
    text = ""
    for payload in PAYLOADS:
        if len(text) + len(payload) + 1 > FEEDBACK_CHARS:
            yield text
            text = ""
        text += f"{payload}\n"
    yield text


@pytest.fixture(scope="module")
def hostile_arena(stack: Stack) -> Iterator[None]:
    """An arena of attackers; closed again for the tests that follow."""
    mute = stack.var / "mute.jsonl"
    mute.write_text(json.dumps({"prompt": "nobody asks this", "output": "x"}))
    says = stack.var / "hostile.jsonl"
    answers = {PROMPT: OUTPUT, SHORT_PROMPT: "<script>hit(0)</script>"}
    says.write_text("\n".join(json.dumps({"prompt": prompt, "output": text}) for prompt, text in answers.items()))
    common = {"access": "open", "backend": "replay", "release_outputs": True}
    entries = [{**card, **common, "path": str(mute)} for card in _cards()]
    for entry in entries[:2]:
        entry |= {"path": str(says), "tokens_per_second": 2000}
    texts = {"arena_name": PAYLOADS[0], "arena_description": PAYLOADS[40], "suggestions": list(PAYLOADS[80:84])}
    stack.register({"arena": SLUG, **texts, "systems": entries})
    yield
    stack.query("UPDATE arenas_arena SET is_open = false WHERE slug = %s", [SLUG])


@dataclass
class Detector:
    """What got through. `hit(N)` of any page and frame ends in `hits`."""

    hits: list[int] = field(default_factory=list)

    def attach(self, context: BrowserContext) -> None:
        context.expose_binding("hit", lambda _source, n: self.hits.append(n))


def _touch_everything(page: Page) -> None:
    """The pointer over the page, and the focus through it: some handlers wait for that."""
    page.mouse.move(5, 5)
    page.mouse.move(600, 400, steps=4)
    page.mouse.wheel(0, 600)
    page.mouse.move(200, 300, steps=4)
    for _n in range(5):
        page.keyboard.press("Tab")


def _vote(page: Page, left: str, right: str) -> None:
    page.get_by_text("Add reasons").click()
    page.get_by_label("In your words, about the left answer").fill(left)
    page.get_by_label("In your words, about the right answer").fill(right)
    page.get_by_role("button", name="Tie").click()
    expect(page.locator("#reveal")).to_be_visible()


def _middles() -> Iterator[int]:
    """Where in the output the middle of each payload is."""
    at = 0
    for payload in PAYLOADS:
        yield at + len(payload) // 2
        at += len(payload) + 2


@dataclass
class Cutter:
    """Between server and page: hands every frame on in pieces that end in the middle of each payload.

    How much text comes in a frame hangs on how fast machine and server are, and a busy one would cut few payloads.
    """

    received: dict[str, str] = field(default_factory=lambda: dict.fromkeys(SIDES, ""))
    #: Where in the text of its side each piece ended.
    ends: dict[str, list[int]] = field(default_factory=lambda: {side: [] for side in SIDES})

    def attach(self, page: WebSocketRoute) -> None:
        """Stand between a page and its server."""
        server = page.connect_to_server()
        server.on_message(lambda message: [page.send(piece) for piece in self.pieces(str(message))])

    def pieces(self, message: str) -> Iterator[str]:
        """What the page gets instead of this message."""
        body = json.loads(message)
        if body["type"] != "frame":
            yield message
            return
        parts = {side: self._parts(side, body[side]) for side in SIDES}
        most = max(map(len, parts.values()))
        for n in range(most):
            # The server's own id comes last: whoever comes back after it has seen all of the frame.
            name = body["id"] if n == most - 1 else f"{body['id']}.{n}"
            texts = {side: some[n] if n < len(some) else "" for side, some in parts.items()}
            yield json.dumps({**body, **texts, "id": name})

    def _parts(self, side: str, text: str) -> list[str]:
        begun = len(self.received[side])
        self.received[side] += text
        cuts = [0, *(cut - begun for cut in _middles() if 0 < cut - begun < len(text)), len(text)]
        self.ends[side] += [begun + cut for cut in cuts[1:]]
        return [text[start:end] for start, end in itertools.pairwise(cuts)]

    def cut(self, side: str) -> int:
        """How many payloads this side got in two or more pieces."""
        return len(set(_middles()) & set(self.ends[side]))


def test_the_attacks_are_many_and_an_open_page_falls_to_them(browser: Browser, stack: Stack) -> None:
    """The control: without the walls the same texts run and fetch, and the detector sees it."""
    assert len(set(PAYLOADS)) >= 150
    detector, fetched = Detector(), set()
    context = browser.new_context(bypass_csp=True)
    detector.attach(context)
    context.route(f"{EVIL}/**", lambda route: (fetched.add(route.request.url), route.abort()))
    page = context.new_page()
    page.goto(f"{stack.url}/about")
    page.evaluate(
        """payloads => { for (const payload of payloads) {
             const frame = document.createElement("iframe");
             document.body.append(frame);
             frame.contentWindow.hit = window.hit;
             frame.contentDocument.write(payload);
             frame.contentDocument.close();
           } }""",
        list(PAYLOADS),
    )
    for _ in range(600):
        if len(set(detector.hits)) >= RUN and len(fetched) >= FETCHED:
            break
        page.wait_for_timeout(100)
    context.close()
    assert len(set(detector.hits)) >= RUN
    assert len(fetched) >= FETCHED


def test_no_attack_runs_or_fetches_anywhere(new_context: ContextMaker, hostile_arena: None, stack: Stack) -> None:
    detector, context = Detector(), new_context()
    detector.attach(context)
    # A document without a head of its own makes the browser look for /favicon.ico.
    context.watch.expected.append("404 (Not Found)")  # type: ignore[attr-defined]
    page, cutter = context.new_page(), Cutter()
    page.route_web_socket("**/ws/v1/battles/*", cutter.attach)
    start(page, PROMPT, f"/arenas/{SLUG}")
    expect(page.locator(".answer__text").first).not_to_be_empty()
    _touch_everything(page)
    wait_until_ready(page)
    assert cutter.received == dict.fromkeys(SIDES, OUTPUT)
    # What each of them may become at every point of its arrival is a test of the front end (`hostile.test.ts`).
    assert [cutter.cut(side) for side in SIDES] == [len(PAYLOADS)] * 2
    texts = list(_feedback())
    texts += [""] * (len(texts) % 2)
    _touch_everything(page)
    _vote(page, *texts[:2])
    battle = page.url.partition("#")[0]
    _touch_everything(page)
    for number in range(2, len(texts), 2):
        start(page, SHORT_PROMPT, f"/arenas/{SLUG}")
        wait_until_ready(page)
        _vote(page, *texts[number : number + 2])
    again = battle.rpartition("/")[2]
    addresses = [
        battle,
        battle.replace("/battles/", "/api/v1/battles/"),
        *(
            "/",
            "/battles",
            "/systems",
            f"/arenas/{SLUG}",
            f"/arenas/{SLUG}?again={again}",
            f"/arenas/{SLUG}/leaderboard",
        ),
        *("/api/v1/systems", f"/api/v1/arenas/{SLUG}/leaderboard"),
    ]
    plain = new_context(java_script_enabled=False, storage_state=context.storage_state())
    detector.attach(plain)
    reader = plain.new_page()
    for address in addresses:
        page.goto(address)
        page.wait_for_load_state("load")
        _touch_everything(page)
        assert re.search(r"hit\(\d+\)", page.content()), f"{address} shows none of them"
        reader.goto(address)
        reader.mouse.move(300, 300)
    assert detector.hits == []
    # What left for outside, every dialog and every script error is checked when the contexts close.
