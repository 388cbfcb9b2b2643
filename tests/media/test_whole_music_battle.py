"""A music battle by the whole stack: real systems compose, both clips become audible at one moment, to one visitor."""

import pytest
import yaml

from arena.media import audio
from tests.environment import ROOT
from tests.stack import Visitor, running_stack

pytestmark = pytest.mark.stack
PROMPT = "A calm waltz, 10 seconds"


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    systems = yaml.safe_load((ROOT / "ops" / "demo_music.yaml").read_text(encoding="utf-8"))
    with running_stack(tmp_path_factory.mktemp("music"), systems) as stack:
        yield stack


@pytest.fixture
def alice(stack):
    with Visitor(stack.url) as alice:
        yield alice.consent()


def test_from_prompt_to_two_players(stack, alice):
    battle = alice.start(PROMPT, "music")
    seen = alice.watch(battle["id"], timeout_s=120)
    assert seen.state == "ready", stack.logs()
    assert [phase for phase, _s in seen.progress][-1] == "preparing"
    sides = alice.battle(battle["id"])["turns"][0]
    answers = {side: alice.http.get(sides[side]["audio_url"]) for side in ("left", "right")}
    told = [
        [(name, value) for name, value in one.headers.multi_items() if name not in ("date", "x-request-id")]
        for one in answers.values()
    ]
    assert told[0] == told[1]
    for answer in answers.values():
        music = audio.decoded(answer.content)
        assert audio.loudness_lufs(music) == pytest.approx(-16, abs=0.5)
        assert audio.true_peak_dbtp(music) <= -1
    with Visitor(stack.url) as bob:
        assert bob.consent().http.get(sides["left"]["audio_url"]).status_code == 404
