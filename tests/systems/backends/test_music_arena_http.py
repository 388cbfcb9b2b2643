"""A system that is packaged for Music Arena: the protocol to the letter, and every way in which it can go wrong."""

import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest

from arena.systems.backends.addresses import AddressPolicy
from arena.systems.backends.base import (
    AddressForbidden,
    AudioClip,
    BackendError,
    BadResponse,
    Finished,
    GenerationRequest,
    Limits,
    Message,
    NothingSaid,
    RateLimited,
    ServerFailed,
    TimedOut,
    TooLarge,
    Truncated,
)
from arena.systems.backends.music_arena_http import MusicArenaBackend
from arena.systems.backends.transport import close_clients
from tests.support.music_server import MusicServer
from tests.support.music_server.behaviours import AT_THE_DECODER, AT_THE_WIRE
from tests.systems.conftest import events_of

IMPATIENT = Limits(connect_s=1, first_byte_s=1.5, idle_s=1.5, total_s=3, max_bytes=4_000_000, max_wire_bytes=6_000_000)
#: Of the two whose end is that the client waits no longer.
SOON = {"hangs": {"first_byte_s": 0.4}, "drips": {"total_s": 0.6}}
ENDS_WITH = {
    "error_500": ServerFailed,
    "hangs": TimedOut,
    "drips": TimedOut,
    "breaks_off": Truncated,
    "html": BadResponse,
    "no_json": BadResponse,
    "no_audio": BadResponse,
    "no_base64": BadResponse,
    "empty": NothingSaid,
    "endless": TooLarge,
    "unfolds": BadResponse,
    "redirects": BadResponse,
    "busy": RateLimited,
}


@pytest.fixture(scope="module")
def process() -> Iterator[MusicServer]:
    with MusicServer() as server:
        yield server


@pytest.fixture
async def server(process: MusicServer) -> AsyncIterator[MusicServer]:
    yield process
    await close_clients()


def asking(**requirement: Any) -> GenerationRequest:
    return GenerationRequest((Message("user", "a waltz"),), IMPATIENT, requirement={"duration_s": 2, **requirement})


def backend(server: MusicServer, name: str = "good") -> MusicArenaBackend:
    return MusicArenaBackend(server.url(name), policy=server.policy)


async def test_the_detailed_prompt_is_sent_and_the_clip_comes_back_whole(server: MusicServer) -> None:
    clip, end = await events_of(backend(server), asking(tempo_bpm=96))
    assert isinstance(clip, AudioClip)
    assert clip.data.startswith(b"RIFF")
    assert clip.lyrics == ""
    assert end == Finished("stop")
    assert server.asked("good")[-1] == {
        "overall_prompt": "a waltz",
        "instrumental": True,
        "lyrics": None,
        "duration": 2,
        "bpm": 96,
    }


@pytest.mark.parametrize(
    ("requirement", "sent", "sung"),
    [
        ({"vocals": True, "lyrics": "la la la"}, "la la la", "la la la"),
        ({"vocals": True}, None, "words of my own"),
        ({"vocals": False, "lyrics": "left over"}, None, ""),
    ],
)
async def test_lyrics_are_sent_with_vocals_only_and_what_was_sung_is_kept(
    server: MusicServer, requirement: dict[str, Any], sent: str | None, sung: str
) -> None:
    clip, _end = await events_of(backend(server), asking(**requirement))
    assert server.asked("good")[-1]["lyrics"] == sent
    assert clip.lyrics == sung


@pytest.mark.parametrize("name", [behaviour.__name__ for behaviour in AT_THE_WIRE])
async def test_a_misbehaving_server_is_an_error_by_name_and_the_next_call_is_well(
    server: MusicServer, name: str
) -> None:
    asked = asking()
    asked = replace(asked, limits=replace(asked.limits, **SOON.get(name, {})))
    started = time.monotonic()
    with pytest.raises(BackendError) as caught:
        await events_of(backend(server, name), asked)
    assert type(caught.value) is ENDS_WITH[name]
    assert time.monotonic() - started < IMPATIENT.total_s + 2
    assert "CUDA" not in caught.value.summary
    clip, _end = await events_of(backend(server), asking())
    assert clip.data


@pytest.mark.parametrize("name", [behaviour.__name__ for behaviour in AT_THE_DECODER])
async def test_what_only_a_decoder_can_tell_is_passed_on_within_the_cap(server: MusicServer, name: str) -> None:
    clip, _end = await events_of(backend(server, name), asking())
    assert 0 < len(clip.data) <= IMPATIENT.max_bytes


async def test_a_server_without_its_model_is_not_asked(server: MusicServer) -> None:
    with pytest.raises(ServerFailed):
        await events_of(backend(server, "unhealthy"), asking())
    assert server.asked("unhealthy") == []


async def test_a_clip_over_the_cap_is_refused(server: MusicServer) -> None:
    limits = Limits(max_bytes=10_000, first_byte_s=5, total_s=5)
    with pytest.raises(TooLarge):
        await events_of(backend(server), GenerationRequest((Message("user", "x"),), limits))


def test_a_private_address_needs_the_operators_leave() -> None:
    with pytest.raises(AddressForbidden):
        MusicArenaBackend("http://127.0.0.1:1/x", policy=AddressPolicy())


async def test_a_public_name_of_a_private_address_is_not_connected_to(server: MusicServer) -> None:
    with pytest.raises(AddressForbidden):
        await events_of(MusicArenaBackend("https://localhost:9/", policy=AddressPolicy()), asking())


def test_there_is_one_prompt_and_no_conversation(process: MusicServer) -> None:
    one, answered = Message("user", "a"), Message("assistant", "b")
    assert backend(process).supports((one,))
    assert not backend(process).supports((one, answered, one))
    assert not backend(process).supports(())
