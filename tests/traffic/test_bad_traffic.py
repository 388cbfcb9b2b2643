"""Visitors who mean harm are told so, each in a clear way, while an ordinary one plays on."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from arena.config.protocol import PatientProtocol
from tests.stack import Stack, Visitor, running_stack

pytestmark = pytest.mark.stack
PROMPT = "Tell me about rivers."
CONSENTS = 12
SLOW_CLIENTS = 30
#: For what a server does at once, on a machine however busy.
SOON_S = 30
VOTE = {"outcome": "left"}


@pytest.fixture(scope="module")
def stack(tmp_path_factory) -> Iterator[Stack]:
    var: Path = tmp_path_factory.mktemp("bad-traffic")
    entries = []
    for name in ("alpha", "beta", "gamma"):
        row = {"prompt": PROMPT, "output": f"{name} on rivers: " + "Water flows. " * 60}
        (var / f"{name}.jsonl").write_text(json.dumps(row))
        entry = {"name": name, "organisation": name, "access": "open", "licence": "MIT", "backend": "replay"}
        entries.append({**entry, "path": str(var / f"{name}.jsonl"), "tokens_per_second": 300})
    env = {"ARENA_LIMITS_OFF": "0", "ARENA_LIMITS": f"consent.network={CONSENTS}/3600"}
    with running_stack(var, {"arena": "text", "systems": entries}, env=env) as running:
        yield running


@pytest.fixture(scope="module")
def alice(stack) -> Visitor:
    """An ordinary visitor."""
    return Visitor(stack.url).consent()


@pytest.fixture(scope="module")
def mallory(stack) -> Visitor:
    """Somebody else, with a consent of their own."""
    return Visitor(stack.url).consent()


def _play(visitor: Visitor) -> str:
    """A battle from prompt to vote; returns its id."""
    battle = visitor.start(PROMPT)
    watched = visitor.watch(battle["id"])
    stored = visitor.battle(battle["id"])["turns"][0]
    assert watched.texts[1] == {side: stored[side]["text"] for side in ("left", "right")}
    assert visitor.vote(battle["id"]).status_code == 201
    return str(battle["id"])


def _ready(visitor: Visitor) -> str:
    battle = visitor.start(PROMPT)
    assert visitor.watch(battle["id"]).state == "ready"
    return str(battle["id"])


def _hung_up(connection: socket.socket) -> bool:
    """Whether the server has closed; what it said before is read."""
    with suppress(BlockingIOError):
        while connection.recv(4096):
            pass
        return True
    return False


def _close_code(socket_) -> int:
    """The code with which the server closes the socket; what it says before is read."""
    with pytest.raises(ConnectionClosed) as closed:
        _listen(socket_)
    assert closed.value.rcvd is not None, "the connection broke"
    return int(closed.value.rcvd.code)


def _listen(socket_) -> None:
    while True:
        socket_.recv(timeout=SOON_S)


def test_slow_headers_and_idle_sockets_end_after_ten_seconds_beside_an_ordinary_battle(stack, alice):
    with ExitStack() as opened:
        clients = [
            opened.enter_context(socket.create_connection(("127.0.0.1", stack.port))) for _ in range(2 * SLOW_CLIENTS)
        ]
        slow = clients[:SLOW_CLIENTS]
        for client in slow:
            client.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
        for client in clients:
            client.setblocking(False)
        began = time.monotonic()
        _play(alice)
        while clients and time.monotonic() - began < PatientProtocol.HEAD_S + SOON_S:
            for client in slow:
                with suppress(OSError):
                    client.send(b"a")
            clients = [client for client in clients if not _hung_up(client)]
            time.sleep(0.5)
        assert clients == []


@pytest.mark.parametrize("size", [100_000, 1_000_000, 10_000_000])
def test_a_huge_prompt_is_refused_and_nothing_is_stored(stack, mallory, size):
    prompt = "x" * size
    before = stack.query("SELECT count(*) FROM battles_battle")
    by_api = mallory.post("/api/v1/arenas/text/battles", {"prompt": prompt})
    expected = (422, "prompt-invalid") if size < 256_000 else (413, "body-too-large")
    assert (by_api.status_code, by_api.json()["type"]) == expected
    form = {"prompt": prompt, "csrfmiddlewaretoken": mallory._token}
    by_form = mallory.http.post("/arenas/text/battles", data=form, headers={"Origin": stack.url})
    assert by_form.status_code == (422 if size < 1_000_000 else 413)
    assert by_form.headers["content-type"].startswith("text/html")
    assert stack.query("SELECT count(*) FROM battles_battle") == before


def test_a_head_without_end_is_refused(stack):
    answer = httpx.get(stack.url, headers={"X-Huge": "a" * 400_000})
    assert answer.status_code == 431


def test_a_hundred_frames_a_second_cut_their_own_socket_and_no_other(stack, alice, mallory):
    battle = _ready(mallory)
    with mallory.socket(battle) as flood:
        began = time.monotonic()
        with suppress(ConnectionClosed):
            while time.monotonic() - began < SOON_S:
                flood.send("{}")
                time.sleep(0.01)
        assert _close_code(flood) == 1008
    _play(alice)


def test_a_frame_of_over_a_kilobyte_ends_its_socket(stack, mallory):
    with mallory.socket(_ready(mallory)) as socket_:
        socket_.send("x" * 1025)
        assert _close_code(socket_) == 1009


def test_a_fifth_socket_is_told_to_come_again_and_a_closed_one_makes_room(stack, mallory):
    battle = _ready(mallory)
    with ExitStack() as opened:
        for _ in range(4):
            opened.enter_context(mallory.socket(battle)).recv(timeout=SOON_S)
        with mallory.socket(battle) as fifth:
            assert _close_code(fifth) == 1013
    with mallory.socket(battle) as later:
        assert json.loads(later.recv(timeout=SOON_S))["type"] == "frame"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://localhost"])
def test_another_origin_neither_posts_nor_listens(stack, alice, origin):
    battle = _ready(alice)
    posted = alice.post(f"/api/v1/battles/{battle}/vote", VOTE, Origin=origin)
    assert (posted.status_code, posted.json()["type"]) == (403, "csrf-failed")
    cookies = "; ".join(f"{name}={value}" for name, value in alice.http.cookies.items())
    with pytest.raises(InvalidStatus) as refused:
        connect(
            f"ws://127.0.0.1:{stack.port}/ws/v1/battles/{battle}",
            origin=origin,
            additional_headers={"Cookie": cookies},
        )
    assert refused.value.response.status_code == 403
    assert alice.battle(battle)["state"] == "ready"
    assert alice.vote(battle).status_code == 201


def test_without_its_csrf_token_nothing_is_changed(stack, alice):
    battle = _ready(alice)
    for sent in ({"X-CSRFToken": ""}, {"X-CSRFToken": "x" * 64}):
        answer = alice.post(f"/api/v1/battles/{battle}/vote", VOTE, **sent)
        assert (answer.status_code, answer.json()["type"]) == (403, "csrf-failed")
        assert alice.post("/api/v1/consent", {"research": True, "age_16": True}, **sent).status_code == 403
    form = alice.http.post(f"/battles/{battle}/vote", data=VOTE, headers={"Origin": stack.url})
    assert form.status_code == 403
    assert "text/html" in form.headers["content-type"]
    assert alice.battle(battle)["vote"] is None
    assert alice.vote(battle).status_code == 201


def test_a_foreign_battle_is_like_one_that_never_was(stack, alice, mallory):
    foreign, unknown = _ready(alice), str(uuid4())
    wishes = [
        ("vote", VOTE),
        ("turns", {"prompt": "More"}),
        ("stop", None),
        ("report", {"turn": 1, "side": "left", "reason": "broken"}),
    ]
    for path, body in wishes:
        answers = [mallory.post(f"/api/v1/battles/{one}/{path}", body) for one in (foreign, unknown)]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].content == answers[1].content
    for address in ("/api/v1/battles/{}", "/battles/{}", "/arenas/text?again={}"):
        pages = [mallory.http.get(address.format(one)) for one in (foreign, unknown)]
        assert pages[0].status_code == pages[1].status_code
        assert f">\n{PROMPT}</textarea>" not in pages[0].text
        assert "rivers: Water" not in pages[0].text
    for one in (foreign, unknown):
        with mallory.socket(one) as socket_:
            assert _close_code(socket_) == 4404
    assert alice.battle(foreign)["state"] == "ready"
    assert len(alice.battle(foreign)["turns"]) == 1
    assert alice.vote(foreign).status_code == 201


def test_a_forged_address_does_not_escape_the_limit_of_the_network(stack, alice, mallory):
    codes = []
    for number in range(CONSENTS + 3):
        newcomer = Visitor(stack.url)
        newcomer._csrf()
        forged = {"X-Forwarded-For": f"198.51.{number}.7", "X-Real-IP": f"198.51.{number}.7"}
        forged |= {"Forwarded": f"for=198.51.{number}.7", "True-Client-IP": f"198.51.{number}.7"}
        answer = newcomer.post("/api/v1/consent", {"research": True, "age_16": True}, **forged)
        codes.append(answer.status_code)
        if answer.status_code == 429:
            assert answer.json()["type"] == "rate-limited"
            assert 0 < int(answer.headers["retry-after"]) <= 3600
    # Alice and Mallory have used two of them.
    assert codes == [201] * (CONSENTS - 2) + [429] * 5
    logs = b"".join(path.read_bytes() for path in (stack.var / "log").glob("*.log"))
    assert b"198.51." not in logs
    assert b"127.0.0.1" not in (stack.var / "log" / "web.log").read_bytes()
