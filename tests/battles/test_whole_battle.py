"""A battle from the prompt to the reveal, through the real server, workers and WebSocket."""

import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.stack import Stack, Visitor, Watched
from tests.support.routed import MEMBERS, arena_file, trained
from tests.support.routed import PROMPTS as ROUTED_PROMPTS

pytestmark = pytest.mark.stack
PROMPT = "Tell me about rivers."
MORE = "And about lakes?"
#: Its answers take so long that a stop comes before their end on a machine however busy.
ENDLESS = "And about the sea?"
ENDLESS_CHARS = 12_000
VOTES = 50


@pytest.fixture(scope="module")
def stack(tmp_path_factory, processes) -> Stack:
    var: Path = tmp_path_factory.mktemp("whole-battle")
    entries = []
    for name in ("alpha", "beta", "gamma", "delta"):
        rows = [
            {"prompt": PROMPT, "output": f"{name} on rivers: " + "Wasser fließt 🌊. " * 120},
            {"prompt": MORE, "output": f"{name} on lakes: " + "Still water. " * 40},
            {"prompt": ENDLESS, "output": ("Unfathomable oceanography. " * 500)[:ENDLESS_CHARS]},
        ]
        (var / f"{name}.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
        entries.append(
            {
                "name": name,
                "organisation": f"{name} org",
                "access": "open",
                "licence": "MIT",
                "backend": "replay",
                "path": f"{var}/{name}.jsonl",
                "tokens_per_second": 300,
            }
        )
    processes.register({"arena": "text", "systems": entries})
    return processes


def test_a_visitor_starts_reads_votes_and_sees_who_it_was(stack):
    alice = Visitor(stack.url).consent()
    battle = alice.start(PROMPT)
    assert (battle["state"], battle["systems"], battle["vote"]) == ("queued", None, None)
    watched = alice.watch(battle["id"])
    stored = alice.battle(battle["id"])
    assert watched.state == stored["state"] == "ready"
    assert watched.texts[1] == {side: stored["turns"][0][side]["text"] for side in ("left", "right")}
    revealed = alice.vote(battle["id"], "left").json()
    assert revealed["vote"]["outcome"] == "left"
    assert watched.texts[1]["left"].startswith(revealed["systems"]["left"]["name"])
    assert alice.watch(battle["id"]).state == "voted"


def test_fifty_parallel_votes_over_http_are_one_row_and_one_answer(stack):
    alice = Visitor(stack.url).consent()
    battle = alice.start(PROMPT)
    alice.watch(battle["id"])
    gate = threading.Barrier(VOTES)

    def vote(_n):
        gate.wait(timeout=120)
        return alice.vote(battle["id"], "right")

    with ThreadPoolExecutor(VOTES) as pool:
        answers = list(pool.map(vote, range(VOTES)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: VOTES - 1}
    assert len({answer.content for answer in answers}) == 1
    assert stack.query("SELECT outcome FROM votes_vote WHERE battle_id = %s", [battle["id"]]) == [("right",)]


def test_a_follow_up_streams_into_the_same_battle(stack):
    alice = Visitor(stack.url).consent()
    battle = alice.start(PROMPT)
    first = alice.watch(battle["id"])
    answer = alice.post(f"/api/v1/battles/{battle['id']}/turns", {"prompt": MORE})
    assert answer.status_code == 201
    second = alice.watch(battle["id"], watched=first, until=lambda seen: seen.state == "ready" and 2 in seen.texts)
    stored = alice.battle(battle["id"])
    for turn in stored["turns"]:
        assert second.texts[turn["n"]] == {side: turn[side]["text"] for side in ("left", "right")}
    names = [stored["turns"][n]["left"]["text"].split(" on ")[0] for n in (0, 1)]
    assert names[0] == names[1]


def test_a_reload_in_mid_stream_resumes_by_event_id_or_from_the_start_and_ends_equal(stack):
    alice = Visitor(stack.url).consent()
    battle = alice.start(PROMPT)
    half = alice.watch(battle["id"], until=lambda seen: len(seen.texts.get(1, {}).get("left", "")) > 200)
    fresh = alice.watch(battle["id"])
    resumed = alice.watch(battle["id"], watched=half)
    stored = alice.battle(battle["id"])["turns"][0]
    expected = {side: stored[side]["text"] for side in ("left", "right")}
    assert resumed.texts[1] == fresh.texts[1] == expected


def test_an_unknown_event_id_gets_a_snapshot(stack):
    alice = Visitor(stack.url).consent()
    battle = alice.start(PROMPT)
    alice.watch(battle["id"])
    again = alice.watch(battle["id"], watched=Watched(last_id="99-9"))
    assert json.loads(again.raw[0])["type"] == "snapshot"


def test_a_stop_ends_the_writing_and_keeps_what_was_shown(stack):
    alice = Visitor(stack.url).consent()
    battle = alice.start(ENDLESS)
    seen = alice.watch(battle["id"], until=lambda seen: len(seen.texts.get(1, {}).get("left", "")) > 100)
    assert alice.post(f"/api/v1/battles/{battle['id']}/stop").status_code == 200
    ended = alice.watch(battle["id"], watched=seen)
    stored = alice.battle(battle["id"])["turns"][0]
    assert ended.state == "ready"
    assert ended.texts[1] == {side: stored[side]["text"] for side in ("left", "right")}
    assert len(stored["left"]["text"]) < ENDLESS_CHARS // 2


def test_mallory_gets_the_same_close_code_for_a_foreign_and_an_unknown_battle(stack):
    from websockets.exceptions import ConnectionClosed

    alice, mallory = Visitor(stack.url).consent(), Visitor(stack.url).consent()
    battle = alice.start(PROMPT)
    for battle_id in (battle["id"], "00000000-0000-4000-8000-000000000000"):
        with mallory.socket(battle_id) as socket, pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=60)
        assert closed.value.rcvd.code == 4404


def test_a_wrong_origin_is_refused_at_the_handshake(stack):
    from websockets.exceptions import InvalidStatus
    from websockets.sync.client import connect

    alice = Visitor(stack.url).consent()
    battle = alice.start(PROMPT)
    cookies = "; ".join(f"{name}={value}" for name, value in alice.http.cookies.items())
    with pytest.raises(InvalidStatus) as refused:
        connect(
            stack.url.replace("http", "ws") + f"/ws/v1/battles/{battle['id']}",
            origin="https://evil.example",
            additional_headers={"Cookie": cookies},
        )
    assert refused.value.response.status_code == 403


def test_a_router_that_was_trained_on_a_release_answers_through_the_member_that_it_picks(stack, tmp_path):
    path = trained(stack, tmp_path)
    router = {"name": "kNN", "organisation": "the arena", "access": "open", "licence": "MIT", "backend": "router"}
    stack.register(arena_file(tmp_path, {**router, "path": str(path), "weight": 20}))
    alice = Visitor(stack.url).consent()
    for prompt in ROUTED_PROMPTS:
        battle = alice.start(prompt, arena="routed")
        watched = alice.watch(battle["id"])
        assert watched.state == "ready"
        blind = json.dumps([alice.battle(battle["id"]), watched.raw])
        assert not any(word in blind for word in ("answered_by", "kNN", "router"))
        revealed = alice.vote(battle["id"], "left").json()["systems"]
        routed = [side for side, one in revealed.items() if one["answered_by"]]
        if routed:
            break
    (side,) = routed
    name = revealed[side]["answered_by"]
    assert (revealed[side]["name"], name in MEMBERS) == ("kNN", True)
    assert watched.texts[1][side].startswith(f"{name} says")
    page = alice.http.get(f"/battles/{battle['id']}").text
    assert f'<bdi data-fill="answered_by">{name}</bdi>' in page
    ((scores, cost, member_usd, own_usd),) = stack.query(
        """SELECT o.scores, r.cost_usd,
               (SELECT sum(cost_usd) FROM systems_usage u WHERE u.version_id = o.member_id),
               (SELECT sum(cost_usd) FROM systems_usage u WHERE u.version_id = r.version_id)
           FROM router_route o JOIN battles_response r ON r.pairing_id = o.pairing_id AND r.side = o.side
           JOIN battles_turn t ON t.id = r.turn_id WHERE t.battle_id = %s""",
        [battle["id"]],
    )
    assert max(scores, key=scores.get) == f"{name} v1"
    assert (cost > 0, member_usd >= cost, own_usd) == (True, True, 0)
