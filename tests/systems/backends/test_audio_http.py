"""Any server that makes clips: the body as the operator wrote it, and the audio wherever it lies."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from arena.systems.backends.audio_http import AudioHttpBackend, AudioPlace, filled
from arena.systems.backends.base import BackendError, BadResponse, GenerationRequest, Limits, Message, TooLarge
from arena.systems.backends.transport import close_clients
from tests.support.music_server import MusicServer
from tests.systems.conftest import events_of

BODY = {"text": "Music: {prompt}", "seconds": "{duration_s}", "options": ["{vocals}", "{seed}", {"style": "{genres}"}]}


@pytest.fixture(scope="module")
def process() -> Iterator[MusicServer]:
    with MusicServer() as server:
        yield server


@pytest.fixture
async def server(process: MusicServer) -> AsyncIterator[MusicServer]:
    yield process
    await close_clients()


PATIENT = Limits(first_byte_s=5, total_s=8)


def asking(limits: Limits = PATIENT, **requirement: Any) -> GenerationRequest:
    need = {"duration_s": 2, "genres": ["folk", "waltz"], **requirement}
    return GenerationRequest((Message("user", "a {seed} tune"),), limits, seed=5, requirement=need)


async def test_the_body_is_the_template_with_its_placeholders_filled(server: MusicServer) -> None:
    backend = AudioHttpBackend(server.url("raw"), BODY, policy=server.policy)
    clip, _end = await events_of(backend, asking())
    assert clip.data.startswith(b"RIFF")
    assert clip.media_type == "audio/wav"
    assert server.asked("raw")[-1] == {
        "text": "Music: a {seed} tune",
        "seconds": 2,
        "options": [False, 5, {"style": ["folk", "waltz"]}],
    }


async def test_audio_in_base64_is_found_by_its_path_with_the_lyrics(server: MusicServer) -> None:
    body = {"overall_prompt": "{prompt}", "instrumental": "{instrumental}", "lyrics": "{lyrics}", "duration": 1}
    place = AudioPlace("base64", "audio_b64")
    backend = AudioHttpBackend(server.url("good"), body, place, lyrics_path="lyrics", policy=server.policy)
    clip, _end = await events_of(backend, asking(vocals=True, lyrics="oh"))
    assert clip.data.startswith(b"RIFF")
    assert clip.lyrics == "oh"


async def test_a_link_on_the_same_host_is_followed(server: MusicServer) -> None:
    place = AudioPlace("link", "data.0.url")
    backend = AudioHttpBackend(
        server.url("linked"), {"p": "{prompt}"}, place, lyrics_path="text", policy=server.policy
    )
    clip, _end = await events_of(backend, asking())
    assert clip.data.startswith(b"RIFF")
    assert clip.lyrics == "la la"


@pytest.mark.parametrize(
    "link",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:5432/",
        "https://127.0.0.1/clip.wav",
        "//localhost/clip.wav",
        "http://u:p@127.0.0.1/clip.wav",
        "file:///etc/passwd",
        "http://[",
    ],
)
async def test_a_link_elsewhere_is_refused_unasked(server: MusicServer, link: str) -> None:
    backend = AudioHttpBackend(
        server.url("linked"), {"p": "{prompt}", "link": link}, AudioPlace("link", "data.0.url"), policy=server.policy
    )
    with pytest.raises(BadResponse, match=r"host|URL|user name"):
        await events_of(backend, asking())


@pytest.mark.parametrize("place", [AudioPlace("base64", "data.9.b64"), AudioPlace("link", "nowhere")])
async def test_a_reply_without_audio_where_it_should_be_is_bad(server: MusicServer, place: AudioPlace) -> None:
    backend = AudioHttpBackend(server.url("linked"), {"p": "{prompt}"}, place, policy=server.policy)
    with pytest.raises(BadResponse):
        await events_of(backend, asking())


@pytest.mark.parametrize("name", ["html", "no_json"])
async def test_a_page_or_json_in_place_of_audio_is_bad(server: MusicServer, name: str) -> None:
    with pytest.raises(BadResponse):
        await events_of(AudioHttpBackend(server.url(name), {"p": "{prompt}"}, policy=server.policy), asking())


async def test_a_body_over_the_cap_is_refused(server: MusicServer) -> None:
    backend = AudioHttpBackend(server.url("raw"), BODY, policy=server.policy)
    with pytest.raises(TooLarge):
        await events_of(backend, asking(Limits(max_bytes=1000, first_byte_s=5, total_s=8)))


async def test_the_key_is_sent_and_never_told(server: MusicServer) -> None:
    backend = AudioHttpBackend(server.url("error_500"), BODY, api_key="canary-key", policy=server.policy)
    with pytest.raises(BackendError) as caught:
        await events_of(backend, asking())
    assert "canary-key" not in str(caught.value)


def test_what_a_visitor_wrote_is_not_read_as_a_placeholder() -> None:
    values = {"prompt": "{lyrics} {seed}", "lyrics": "secret", "seed": 1}
    assert filled({"a": "x {prompt} y"}, values) == {"a": "x {lyrics} {seed} y"}
