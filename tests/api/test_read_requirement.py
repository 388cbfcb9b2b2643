"""POST /api/v1/arenas/{slug}/requirement."""

from pathlib import Path
from typing import Any

import pytest

from arena.arenas.models import Arena, Modality
from arena.battles.models import Battle
from arena.media.lengths import common_length_s
from arena.systems.models import SystemVersion
from tests.api.callers import Program, browser, slug_of
from tests.ballots import make_arena
from tests.contenders import replay_system

PATH = "/arenas/music/requirement"
PROMPT = "A folk song with vocals, in French, 20 s at 90 bpm"
SINGER = {"vocals": "optional", "lyrics": ["accepts"], "languages": ["en", "fr"]}


@pytest.fixture
def music(arena: Any, tmp_path: Path) -> Arena:
    made = make_arena("music")
    made.modality = Modality.MUSIC
    made.save()
    for name, signature in (("a", SINGER), ("b", SINGER), ("c", {"vocals": "none"})):
        version = replay_system(made, name, {PROMPT: "a clip"}, tmp_path)
        SystemVersion.objects.filter(pk=version.pk).update(signature=signature)
    return made


def test_a_prompt_is_understood_in_keys_and_in_words_and_nothing_is_stored(alice: Program, music: Arena) -> None:
    response = alice.post(PATH, {"prompt": PROMPT})

    assert response.status_code == 200
    assert response.json() == {
        "requirement": {
            "vocals": True, "language": "fr", "duration_s": 20.0, "tempo_bpm": 90.0, "genres": ["folk"],
        },
        "summary": "vocal, French, 20 s, 90 beats per minute, folk",
        "systems": 2,
    }  # fmt: skip
    assert not Battle.objects.exists()


def test_a_correction_outweighs_the_prompt(alice: Program, music: Arena) -> None:
    told = alice.post(PATH, {"prompt": PROMPT, "requirement": {"vocals": False, "duration_s": 45}}).json()
    assert told["summary"] == "instrumental, 45 s, 90 beats per minute, folk"
    assert told["systems"] == 3


@pytest.mark.parametrize(
    ("wished_s", "heard_s", "words"), [(33, 30, "30 s,"), (110, 105, "105 s,"), (240, 120, "120 s at most,")]
)
def test_the_length_that_is_told_is_the_one_that_will_be_heard(
    alice: Program, music: Arena, wished_s: float, heard_s: float, words: str
) -> None:
    told = alice.post(PATH, {"prompt": PROMPT, "requirement": {"duration_s": wished_s}}).json()
    assert told["requirement"]["duration_s"] == heard_s
    assert f"French, {words}" in told["summary"]
    assert common_length_s([180.0, 180.0], wished_s) == heard_s


def test_what_is_told_can_be_sent_with_the_battle(alice: Program, music: Arena) -> None:
    told = alice.post(PATH, {"prompt": PROMPT}).json()["requirement"]
    battle = alice.post("/arenas/music/battles", {"prompt": PROMPT, "requirement": told})
    assert battle.status_code == 201
    assert {key: battle.json()["requirement"][key] for key in told} == told


@pytest.mark.parametrize(
    "body",
    [
        {"prompt": ""},
        {"prompt": "x" * 8001},
        {"prompt": PROMPT, "requirement": {"wings": 2}},
        {"prompt": PROMPT, "requirement": {"duration_s": 9999}},
        {"prompt": PROMPT, "requirement": {"lyrics": "la", "vocals": False}},
    ],
)
def test_what_cannot_be_asked_for_is_unprocessable(alice: Program, music: Arena, body: dict[str, Any]) -> None:
    response = alice.post(PATH, body)
    assert response.status_code == 422
    assert slug_of(response) == "prompt-invalid"


def test_a_newcomer_may_ask_before_any_consent(music: Arena) -> None:
    assert browser(consents=False).post(PATH, {"prompt": PROMPT}).status_code == 200


def test_of_a_text_nothing_is_read(alice: Program) -> None:
    told = alice.post("/arenas/text/requirement", {"prompt": PROMPT}).json()
    assert (told["requirement"], told["summary"]) == ({}, "")


def test_an_unknown_arena_is_not_found(alice: Program) -> None:
    assert alice.post("/arenas/none/requirement", {"prompt": PROMPT}).status_code == 404
