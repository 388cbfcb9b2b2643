"""Music battles by the whole stack: real systems compose, both clips become audible at one moment, to one visitor.

Every field of every system carries a canary, and every byte before the vote is searched for it.
"""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import yaml

from arena.media import audio
from tests.environment import ROOT
from tests.leaks.canaries import Canaries
from tests.stack import Visitor, running_stack

pytestmark = pytest.mark.stack
PROMPT = "A calm waltz, 5 seconds"
SUGGESTED = "A fast march, 5 seconds"
WISH = {"duration_s": 5}
BATTLES = 5
#: What differs from answer to answer whoever made it.
OWN = {"date", "x-request-id"}


@pytest.fixture(scope="module")
def canaries():
    return Canaries()


@pytest.fixture(scope="module")
def stack(tmp_path_factory, canaries):
    file = yaml.safe_load((ROOT / "ops" / "demo_music.yaml").read_text(encoding="utf-8"))
    for system in file["systems"]:
        system |= {name: canaries.plant(name) for name in ("name", "organisation", "licence")}
    file["suggestions"] = [SUGGESTED]
    with running_stack(tmp_path_factory.mktemp("music"), file, {"ARENA_PREFETCH": "1"}) as stack:
        yield stack


def _blind_battle(stack, canaries):
    """A battle up to its vote: what leaked, its two clips, and whether the reveal names the systems."""
    received = []
    with Visitor(stack.url, lambda kind, data: received.append((kind, data))) as visitor:
        visitor.consent()
        answer = visitor.post("/api/v1/arenas/music/battles", {"prompt": PROMPT, "requirement": WISH})
        battle = answer.json()
        seen = visitor.watch(battle["id"], timeout_s=240)
        assert seen.state == "ready", stack.logs()
        visitor.http.get(f"/battles/{battle['id']}")
        sides = visitor.battle(battle["id"])["turns"][0]
        clips = {side: visitor.http.get(sides[side]["audio_url"]) for side in ("left", "right")}
        leaks = [(kind, canary) for kind, data in received for canary in canaries.found_in(data)]
        return visitor, battle, seen, sides, clips, leaks


def test_nothing_but_the_music_tells_the_sides_apart(stack, canaries):
    with ThreadPoolExecutor(4) as pool:
        battles = [pool.submit(_blind_battle, stack, canaries) for _number in range(BATTLES)]
    for _visitor, _battle, seen, sides, clips, leaks in (one.result() for one in battles):
        assert leaks == []
        assert {phase for phase, _s in seen.progress} <= {"generating", "preparing"}
        told = [[pair for pair in one.headers.multi_items() if pair[0] not in OWN] for one in clips.values()]
        assert told[0] == told[1]
        assert sides["left"]["duration_s"] == sides["right"]["duration_s"] >= 5
        for clip in clips.values():
            music = audio.decoded(clip.content)
            assert audio.loudness_lufs(music) == pytest.approx(-16, abs=0.5)
            assert audio.true_peak_dbtp(music) <= -1
    one_sided = stack.query(
        "SELECT count(*) FROM battles_battle b WHERE state = 'ready' AND 2 <> (SELECT count(*) FROM media_clip c"
        " JOIN battles_response r ON r.id = c.response_id JOIN battles_turn t ON t.id = r.turn_id"
        " WHERE t.battle_id = b.id)"
    )
    assert one_sided == [(0,)]
    assert stack.query("SELECT count(*) FROM media_rawclip") == [(0,)]


def test_a_suggested_prompt_starts_within_two_seconds(stack):
    deadline = time.monotonic() + 120
    ready = (
        "SELECT count(*) FROM battles_prefetched p JOIN battles_battle b ON b.id = p.battle_id WHERE state = 'ready'"
    )
    while stack.query(f"{ready} AND taken_at IS NULL") == [(0,)]:
        assert time.monotonic() < deadline, stack.logs()
        time.sleep(0.5)
    with Visitor(stack.url) as visitor:
        visitor.consent()
        started = time.monotonic()
        battle = visitor.start(SUGGESTED, "music")
        clip = visitor.http.get(battle["turns"][0]["left"]["audio_url"])
        assert time.monotonic() - started < 2
    assert battle["state"] == "ready"
    assert clip.status_code == 200
