"""Words that nobody gave: by a model within bounds and moderated, or by templates; the same for both sides."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from arena.arenas.models import Arena
from arena.router import lyrics
from arena.router.models import PromptReading
from arena.router.services import written_lyrics
from arena.systems.models import SystemVersion
from tests.router.moderator_server import ModeratorServer

pytestmark = pytest.mark.django_db
PROMPT = "a sea shanty about a lighthouse"
NEED = {"vocals": True, "language": "en"}
CHOIR = SystemVersion(signature={"vocals": "always", "lyrics": ["requires"]})
WORDS = "The lamp goes round, the lamp goes round\nand nobody tonight is drowned"


@pytest.fixture
def server(model_server: ModeratorServer) -> ModeratorServer:
    model_server.says(json.dumps({"lyrics": WORDS}))
    return model_server


def written(arena: Arena, seed: int = 1) -> str:
    words = written_lyrics(arena, PROMPT, NEED, [CHOIR], seed)
    assert words is not None
    return words


def test_the_model_writes_and_its_raw_reply_is_kept(server: ModeratorServer, music: Arena) -> None:
    assert written(music) == WORDS
    assert json.loads(PromptReading.objects.get().reply) == {"lyrics": WORDS}


def test_the_wish_is_sent_as_data_with_a_strict_schema(server: ModeratorServer, music: Arena) -> None:
    written(music, seed=6)
    [asked] = server.asked
    assert json.loads(asked["messages"][1]["content"]) == {"prompt": PROMPT, "language": "en", "song": 2}
    schema = asked["response_format"]["json_schema"]
    assert (schema["strict"], schema["schema"]["additionalProperties"]) == (True, False)
    assert schema["schema"]["required"] == ["lyrics"]


def test_a_song_is_asked_for_once_and_a_prompt_has_a_few(server: ModeratorServer, music: Arena) -> None:
    for seed in (1, 1, 5, 2):
        written(music, seed)
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    "reply",
    [
        "La la la",
        json.dumps({"lyrics": ""}),
        json.dumps({"lyrics": ["la"]}),
        json.dumps({"lyrics": "la\x07la"}),
        json.dumps({"lyrics": "la \ud800"}),
        json.dumps({"lyrics": "la " * 500}),
        json.dumps({"lyrics": "la\n" * 60}),
        json.dumps({"lyrics": WORDS, "note": "and a note"}),
        json.dumps({"lyrics": "Death to all immigrants"}),
        json.dumps({"lyrics": "Is this the real life is this just fantasy"}),
    ],
)
def test_what_is_out_of_bounds_or_refused_is_not_sung(server: ModeratorServer, music: Arena, reply: str) -> None:
    server.says(reply)
    assert written(music) == lyrics.by_templates(PROMPT, "en", 1)


@pytest.mark.parametrize("trouble", ["status", "silent"])
def test_without_an_answer_templates_are_sung_and_soon(
    server: ModeratorServer, music: Arena, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    monkeypatch.setattr(lyrics, "QUESTION", replace(lyrics.QUESTION, budget_s=0.3))
    server.status, server.silent_s = (500, 0.0) if trouble == "status" else (200, 1.0)
    started = time.monotonic()
    assert written(music) == lyrics.by_templates(PROMPT, "en", 1)
    assert time.monotonic() - started < 3
    assert not PromptReading.objects.exists()


def test_words_are_not_sung_where_the_remote_moderator_does_not_answer(
    server: ModeratorServer, music: Arena, settings: Any
) -> None:
    settings.ARENA_MODERATION_URL = server.url("/v1/moderations")
    assert written(music) == lyrics.by_templates(PROMPT, "en", 1)


def test_without_a_model_templates_are_sung(music: Arena) -> None:
    assert written(music) == lyrics.by_templates(PROMPT, "en", 1)
