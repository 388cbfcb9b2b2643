"""A visitor may be gone at any moment: the battle is written to its end and can be voted on, or is voted."""

import json
import socket
import struct
import time
from urllib.parse import urlsplit

import pytest

from tests.faults.site import QUICK, SLOW, Regular, Site

pytestmark = pytest.mark.stack
VOTE = {"outcome": "left", "reasons": {"left": [], "right": []}, "feedback": {"left": "", "right": ""}}


def _reset(connection: socket.socket) -> None:
    """Close without a word, as a phone does that loses its network."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # Whoever reads in another thread wakes up and closes; with that lingering, the server sees a reset.
    connection.shutdown(socket.SHUT_RDWR)


def _send_vote(site: Site, visitor: Regular, battle_id: str, share: float) -> socket.socket:
    """Send a share of a vote's bytes and read nothing."""
    body = json.dumps(VOTE).encode()
    head = (
        f"POST /api/v1/battles/{battle_id}/vote HTTP/1.1\r\n"
        f"Host: {urlsplit(site.url).netloc}\r\nOrigin: {site.url}\r\n"
        f"Cookie: {visitor.cookie_header}\r\nX-CSRFToken: {visitor.csrf_token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    message = head.encode() + body
    connection = socket.create_connection(("127.0.0.1", site.port), timeout=60)
    connection.sendall(message[: round(len(message) * share)])
    return connection


def _listen_until(visitor: Regular, battle_id: str, word: str) -> None:
    """Hold the battle's socket until a message has this word, then be gone."""
    with visitor.socket(battle_id) as live:
        while word not in live.recv(timeout=120):
            pass
        _reset(live.socket)


def _ready(site: Site, visitor: Regular) -> str:
    battle_id = visitor.start(QUICK)["id"]
    assert site.wait_for([battle_id], ["ready"], within_s=60) == {"ready": 1}
    return battle_id


def after_submit(site: Site, visitor: Regular) -> str:
    """The answer to the submit is the last thing that the visitor sees."""
    battle_id = visitor.start(SLOW)["id"]
    visitor.close()
    return battle_id


def in_mid_stream(site: Site, visitor: Regular) -> str:
    """The socket breaks while text comes."""
    battle_id = visitor.start(SLOW)["id"]
    _listen_until(visitor, battle_id, '"frame"')
    visitor.close()
    return battle_id


def at_ready(site: Site, visitor: Regular) -> str:
    """The socket breaks at the very message that says that the battle can be voted on."""
    battle_id = visitor.start(QUICK)["id"]
    _listen_until(visitor, battle_id, '"ready"')
    return battle_id


def during_the_vote(site: Site, visitor: Regular) -> str:
    """The request breaks off inside its body."""
    battle_id = _ready(site, visitor)
    with _send_vote(site, visitor, battle_id, share=0.95) as connection:
        time.sleep(0.3)
        _reset(connection)
    return battle_id


def before_the_answer(site: Site, visitor: Regular) -> str:
    """The whole vote is sent, and nobody reads what came of it."""
    battle_id = _ready(site, visitor)
    with _send_vote(site, visitor, battle_id, share=1.0) as connection:
        _reset(connection)
    return battle_id


@pytest.mark.parametrize("vanish", [after_submit, in_mid_stream, at_ready, during_the_vote, before_the_answer])
def test_a_battle_whose_visitor_vanished_can_be_voted_on_or_is_voted(site, vanish):
    visitor = site.visitor()
    battle_id = vanish(site, visitor)
    assert set(site.wait_for([battle_id], ["ready", "voted"], within_s=60)) <= {"ready", "voted"}
    # The browser comes back with its cookies and votes, perhaps again.
    again = Regular(site, cookies=visitor.http.cookies)
    answer = again.vote(battle_id)
    assert answer.status_code in (200, 201), answer.text
    assert answer.json()["vote"]["outcome"] == "left"
    assert site.query("SELECT outcome FROM votes_vote WHERE battle_id = %s", [battle_id]) == [("left",)]
    mallory = site.visitor()
    assert mallory.vote(battle_id).status_code == 404
