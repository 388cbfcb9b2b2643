"""What every backend of audio promises, whatever it calls."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from arena.systems.backends import local
from arena.systems.backends.audio_http import AudioHttpBackend, AudioPlace
from arena.systems.backends.base import (
    AUDIO_LIMITS,
    AudioClip,
    Backend,
    Finished,
    GenerationRequest,
    Message,
    NothingSaid,
    TimedOut,
    TooLarge,
)
from arena.systems.backends.local_audio import LocalAudioBackend
from arena.systems.backends.music_arena_http import MusicArenaBackend
from arena.systems.backends.replay_audio import ReplayAudioBackend
from arena.systems.backends.transport import close_clients
from tests.support.music_server import MusicServer
from tests.support.music_server.behaviours import tone
from tests.systems.conftest import events_of

PROMPT = "a waltz"
QUICK = replace(AUDIO_LIMITS, total_s=5.0, first_byte_s=5.0)
#: (behaviour of the HTTP servers) → the backend
Plays = Callable[[str], Backend]


@pytest.fixture(scope="module")
def process() -> Iterator[MusicServer]:
    with MusicServer() as server:
        yield server


@pytest.fixture(params=["music_arena_http", "audio_http", "replay", "local"])
async def plays(
    request: pytest.FixtureRequest, process: MusicServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Plays]:
    """A maker of backends that play a clip, an empty one, or one that is late."""

    def music_arena_http(what: str) -> Backend:
        name = {"clip": "good", "empty": "empty", "late": "hangs"}[what]
        return MusicArenaBackend(process.url(name), policy=process.policy)

    def audio_http(what: str) -> Backend:
        name = {"clip": "raw", "empty": "empty", "late": "hangs"}[what]
        place = AudioPlace("base64", "audio_b64") if what == "empty" else AudioPlace()
        return AudioHttpBackend(process.url(name), {"p": "{prompt}"}, place, policy=process.policy)

    def replay(what: str) -> Backend:
        (tmp_path / "clips.json").write_text(json.dumps({PROMPT: "one.wav"}))
        (tmp_path / "one.wav").write_bytes(b"" if what == "empty" else tone(2))
        return ReplayAudioBackend(tmp_path, ttft_s=60 if what == "late" else 0)

    over = threading.Event()

    def in_process(what: str) -> Backend:
        def perform(asked: GenerationRequest) -> AudioClip:
            if what == "late":
                over.wait(60)
            return AudioClip(b"" if what == "empty" else tone(2), "audio/wav")

        monkeypatch.setattr(local, "load", lambda _entry: perform)
        return LocalAudioBackend("arena.systems.offline.music.bands:band")

    makers = {"music_arena_http": music_arena_http, "audio_http": audio_http, "replay": replay, "local": in_process}
    yield makers[request.param]
    over.set()
    await close_clients()


def asking(**limits: float) -> GenerationRequest:
    return GenerationRequest((Message("user", PROMPT),), replace(QUICK, **limits), requirement={"duration_s": 2})


async def test_it_gives_exactly_one_clip_and_ends(plays: Plays) -> None:
    backend = plays("clip")
    clip, end = await events_of(backend, asking())
    assert isinstance(clip, AudioClip)
    assert clip.data.startswith(b"RIFF")
    assert end == Finished("stop")
    assert backend.capabilities.gives == "audio"


async def test_a_clip_over_the_cap_is_refused(plays: Plays) -> None:
    with pytest.raises(TooLarge):
        await events_of(plays("clip"), asking(max_bytes=1000))


async def test_an_empty_clip_is_an_error(plays: Plays) -> None:
    with pytest.raises(NothingSaid):
        await events_of(plays("empty"), asking())


async def test_a_clip_that_takes_too_long_is_given_up(plays: Plays) -> None:
    started = time.monotonic()
    with pytest.raises(TimedOut) as caught:
        await events_of(plays("late"), asking(total_s=0.4))
    assert caught.value.phase == "total"
    assert time.monotonic() - started < 3


async def test_a_cancelled_call_leaves_nothing_behind(plays: Plays) -> None:
    before = asyncio.all_tasks()
    call = asyncio.create_task(events_of(plays("late"), asking()))
    await asyncio.sleep(0.2)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


async def test_nobody_answers_nothing_or_a_conversation(plays: Plays) -> None:
    backend = plays("clip")
    asked, said = Message("user", PROMPT), Message("assistant", "la")
    assert backend.supports((asked,))
    assert not backend.supports(())
    assert not backend.supports((asked, said, asked))
