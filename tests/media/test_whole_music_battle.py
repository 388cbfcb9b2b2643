"""Music battles by the whole stack: real systems compose, both clips become audible at one moment, to one visitor.

`make bench-music` does the same over many battles.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest

from arena.media import audio
from ops.processes import wait_until
from tests.leaks.canaries import Canaries
from tests.media.blind_battles import blind_battle, planted, wait_for_the_pool
from tests.stack import running_stack

pytestmark = pytest.mark.stack
PROMPT = "A calm waltz, 5 seconds"
SUGGESTED = "A fast march, 5 seconds"
WISH = {"duration_s": 5}
BATTLES = 5


@pytest.fixture(scope="module")
def canaries():
    return Canaries()


@pytest.fixture(scope="module")
def stack(tmp_path_factory, canaries):
    folder = tmp_path_factory.mktemp("music")
    with running_stack(folder, planted(canaries, [SUGGESTED]), env={"ARENA_PREFETCH": "1"}) as stack:
        yield stack


def test_nothing_but_the_music_tells_the_sides_apart(stack, canaries):
    with ThreadPoolExecutor(4) as pool:
        battles = [pool.submit(blind_battle, stack, canaries, PROMPT, WISH) for _number in range(BATTLES)]
    for battle in (one.result() for one in battles):
        assert battle.leaks == []
        assert battle.differences() == []
        assert {phase for phase, _s in battle.seen.progress} <= {"queued", "generating", "preparing"}
        assert battle.sides["left"]["duration_s"] >= 5
        for clip in battle.clips.values():
            music = audio.decoded(clip.content)
            assert audio.loudness_lufs(music) == pytest.approx(-16, abs=0.5)
            assert audio.true_peak_dbtp(music) <= -1
    one_sided = stack.query(
        "SELECT count(*) FROM battles_battle b WHERE state = 'ready' AND 2 <> (SELECT count(*) FROM media_clip c"
        " JOIN battles_response r ON r.id = c.response_id JOIN battles_turn t ON t.id = r.turn_id"
        " WHERE t.battle_id = b.id)"
    )
    assert one_sided == [(0,)]


def test_what_came_is_forgotten_once_every_battle_is_prepared(stack, canaries):
    wait_for_the_pool(stack, 1, 300)
    assert wait_until(lambda: stack.query("SELECT count(*) FROM media_rawclip") == [(0,)], timeout_s=60)


def test_of_a_suggested_prompt_nothing_is_made_after_it_was_asked_for(stack, canaries):
    wait_for_the_pool(stack, 1, 300)
    battle = blind_battle(stack, canaries, SUGGESTED, None)
    assert battle.leaks == []
    assert battle.differences() == []
    assert battle.seen.raw == []
