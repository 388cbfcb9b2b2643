"""A music system may misbehave as it likes: its side is drawn anew, nobody votes on one clip, the worker stays small.

The worker's own tasks run here, one after the other, against a Music Arena server that misbehaves on demand.
"""

import re
from pathlib import Path

import pytest

from arena.battles import services
from arena.battles.models import Response, Turn
from arena.battles.states import Phase
from arena.media.models import Clip, RawClip
from arena.media.selectors import players_of
from arena.router.models import Pairing
from arena.systems.models import System, SystemVersion
from arena.votes.models import Vote
from arena.votes.outcome import Outcome
from arena.votes.services import NotReady, cast_vote
from tests.ballots import make_voter
from tests.media.conftest import PROMPT, music_arena
from tests.support.music_server import MusicServer
from tests.support.music_server.behaviours import AT_THE_DECODER, AT_THE_WIRE
from workers.generation import generate_turn
from workers.preparing import prepare_clips

pytestmark = pytest.mark.django_db(transaction=True)
#: Of a system that misbehaves; of the two whose end is that the worker waits no longer.
TIGHT = {"max_wire_bytes": 4_000_000}
SOON = {"hangs": {"first_byte_s": 0.4}, "drips": {"total_s": 0.6}}


@pytest.fixture(scope="module")
def server():
    with MusicServer() as server:
        yield server


def _system(arena, server, name, *, behaviour="good", weight=1.0):
    system = System.objects.create(arena=arena, name=name, weight=weight)
    limits = {} if behaviour == "good" else TIGHT | SOON.get(behaviour, {})
    return SystemVersion.objects.create(
        system=system,
        number=1,
        organisation=name,
        access="open",
        licence="MIT",
        backend="music_arena_http",
        endpoint={"base_url": server.url(behaviour), "limits": limits},
        signature={"vocals": "none"},
        behaviour=name,
    )


def _battle(server, behaviours, *good):
    """A battle whose pair surely has the misbehaving systems, one or two."""
    arena = music_arena(behaviours[0].replace("_", "-"))
    bad = {_system(arena, server, f"{name}-bad", behaviour=name, weight=100_000) for name in behaviours}
    for name in good:
        _system(arena, server, name)
    return services.start_battle(arena, make_voter(), PROMPT, requirement={"duration_s": 6}), bad


def _work_on(battle, *phases):
    """What the workers do in these phases, until the turn has ended."""
    turn = Turn.objects.get(battle=battle)
    for _bell in range(6):
        turn.refresh_from_db()
        if turn.finished_at is not None or Phase(turn.phase) not in phases:
            break
        (generate_turn if turn.phase == Phase.GENERATE.value else prepare_clips)(turn.pk)
    battle.refresh_from_db()


def _assert_redrawn(battle, bad):
    failed = Response.objects.filter(turn__battle=battle, status="failed")
    assert sorted((one.version_id, bool(one.error_class)) for one in failed) == sorted((one.id, True) for one in bad)
    pairing = Pairing.objects.get(id=battle.pairing_id)
    assert pairing.redraw_of is not None
    assert {one.id for one in bad}.isdisjoint((pairing.left_id, pairing.right_id))


def _memory_kb(name):
    """`VmRSS`: now; `VmHWM`: at most since the last `_begin_to_measure`."""
    return int(re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())[1])


def _begin_to_measure():
    Path("/proc/self/clear_refs").write_text("5")
    return _memory_kb("VmRSS")


@pytest.fixture(autouse=True)
def _allowed(server, settings, valkey):
    settings.ARENA_PRIVATE_BACKENDS = [server.host_port]


def test_whatever_goes_wrong_at_the_wire_is_drawn_anew_at_once(server):
    for behaviour in AT_THE_WIRE:
        battle, bad = _battle(server, [behaviour.__name__], "alpha", "beta")
        before_kb = _begin_to_measure()
        _work_on(battle, Phase.GENERATE)
        assert _memory_kb("VmHWM") - before_kb < 150_000, behaviour
        assert battle.state == "generating", behaviour
        _assert_redrawn(battle, bad)
        good = RawClip.objects.filter(response__turn__battle=battle, response__status="generating")
        assert good.count() == 2, behaviour
    _work_on(battle, Phase.PREPARE)
    assert battle.state == "ready"


def test_whatever_goes_wrong_in_the_decoder_is_drawn_anew_and_the_new_pair_becomes_ready(server):
    # Two at a time, and the last one beside a good system: of each clip a process is made.
    names = [one.__name__ for one in AT_THE_DECODER]
    for behaviours in (names[n : n + 2] for n in range(0, len(names), 2)):
        battle, bad = _battle(server, behaviours, "alpha", "beta")
        _work_on(battle, Phase.GENERATE)
        before_kb = _begin_to_measure()
        _work_on(battle, Phase.PREPARE)
        assert _memory_kb("VmHWM") - before_kb < 150_000, behaviours
        assert battle.state == "generating", behaviours
        _assert_redrawn(battle, bad)
    _work_on(battle, Phase.GENERATE, Phase.PREPARE)
    assert battle.state == "ready"
    assert len(players_of(battle)) == Clip.objects.count() == 2
    assert not RawClip.objects.filter(response__turn__battle=battle).exists()


def test_where_nobody_else_can_play_the_battle_fails_without_a_vote(server):
    for behaviour in ("html", "silence"):
        battle, _bad = _battle(server, [behaviour], "alpha")
        _work_on(battle, Phase.GENERATE, Phase.PREPARE)
        assert (battle.state, battle.reason) == ("failed", "backend_failed"), behaviour
        assert players_of(battle) == {}
        with pytest.raises(NotReady):
            cast_vote(battle.id, battle.voter, Outcome.LEFT)
    assert not Vote.objects.exists()
    assert Clip.objects.count() == 0
