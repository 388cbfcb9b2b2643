"""What a music battle needs: read from its prompt, corrected by its visitor, the same for both sides."""

from pathlib import Path
from typing import Any

import pytest

from arena.arenas.models import Arena, Modality
from arena.battles import generation
from arena.battles.errors import IdempotencyMismatch
from arena.battles.models import Battle, Turn
from arena.battles.selectors import blind_battle
from arena.battles.services import start_battle
from arena.battles.states import SIDES, BattleState
from arena.battles.work import TurnWork
from arena.router.services import PromptInvalid, moderate
from arena.systems.models import SystemVersion
from tests.ballots import make_arena, make_voter
from tests.contenders import replay_system

pytestmark = pytest.mark.django_db(transaction=True)
PROMPT = "a folk song with vocals, in English, 20 s"
BAND = {"vocals": "none", "duration": {"min": 5, "max": 50}}
WRITER = {"vocals": "optional", "lyrics": ["accepts", "generates"], "languages": ["en"]}
CHOIR = {"vocals": "always", "lyrics": ["requires"]}


def system(arena: Arena, name: str, signature: dict[str, Any], folder: Path) -> SystemVersion:
    prompts = dict.fromkeys((PROMPT, "a waltz", "a waltz, 200 s", 'sing "la la la la"'), "a clip")
    version = replay_system(arena, name, prompts, folder)
    SystemVersion.objects.filter(pk=version.pk).update(signature=signature)
    return version


@pytest.fixture
def arena(tmp_path: Path, valkey: object) -> Arena:
    arena = make_arena("music")
    arena.modality = Modality.MUSIC
    arena.save()
    for name, signature in (("band", BAND), ("trio", BAND), ("writer", WRITER), ("choir", CHOIR)):
        system(arena, name, signature, tmp_path)
    return arena


def start(arena: Arena, prompt: str = PROMPT, **more: Any) -> Battle:
    return start_battle(arena, make_voter(), prompt, **more)


def claimed(battle: Battle) -> TurnWork | None:
    work = generation.claim_turn(Turn.objects.get(battle=battle).id)
    battle.refresh_from_db()
    return work


def names(work: TurnWork) -> set[str]:
    return {side.version.system.name for side in work.sides.values()}


def test_the_prompt_is_read_and_stored_with_the_battle(arena: Arena) -> None:
    assert start(arena).requirement == {
        "vocals": True,
        "language": "en",
        "duration_s": 20.0,
        "genres": ["folk"],
        "asked": {},
    }


def test_a_correction_outweighs_the_prompt(arena: Arena) -> None:
    battle = start(arena, requirement={"vocals": False, "duration_s": 40})
    assert battle.requirement["vocals"] is False
    assert battle.requirement["duration_s"] == 40
    assert "language" not in battle.requirement


def test_words_are_written_once_and_both_sides_get_them(arena: Arena) -> None:
    battle = start(arena)
    work = claimed(battle)
    assert names(work) == {"writer", "choir"}
    words = battle.requirement["lyrics"]
    assert len(words.splitlines()) > 4
    assert battle.requirement["lyrics_by"] == "arena"
    assert {work.sides[side].requirement["lyrics"] for side in SIDES} == {words}
    assert {generation.local_job(side.response_id).requirement["lyrics"] for side in work.sides.values()} == {words}


def test_that_a_pair_needed_words_is_not_told_before_the_vote(arena: Arena) -> None:
    battle = start(arena)
    told = blind_battle(battle).requirement
    claimed(battle)
    assert battle.requirement["lyrics_by"] == "arena"
    assert blind_battle(battle).requirement == told
    battle.state = BattleState.VOTED.value
    assert blind_battle(battle).requirement == battle.requirement


def test_given_words_are_sung_and_none_are_written(arena: Arena) -> None:
    battle = start(arena, 'sing "la la la la"')
    work = claimed(battle)
    assert {side.requirement["lyrics"] for side in work.sides.values()} == {"la la la la"}
    assert battle.requirement["lyrics_by"] == "visitor"
    assert blind_battle(battle).requirement == battle.requirement


def test_without_a_voice_nobody_who_always_sings_is_drawn_and_no_words_are_written(arena: Arena) -> None:
    for _n in range(12):
        battle = start(arena, "a waltz")
        work = claimed(battle)
        assert "choir" not in names(work)
        assert "lyrics" not in battle.requirement


def test_what_no_two_systems_can_do_wholly_is_refused_with_its_reason(arena: Arena) -> None:
    SystemVersion.objects.filter(system__name="writer").update(signature={**WRITER, "duration": {"fixed": 30}})
    battle = start(arena, "a waltz, 200 s")
    assert claimed(battle) is None
    assert (battle.state, battle.reason) == ("refused", "no_pair")


def test_the_same_request_again_is_the_same_battle_also_after_words_were_written(arena: Arena) -> None:
    voter = make_voter()
    battle = start_battle(arena, voter, PROMPT, requirement={"duration_s": 25}, idempotency_key="k")
    claimed(battle)
    assert start_battle(arena, voter, PROMPT, requirement={"duration_s": 25}, idempotency_key="k") == battle
    with pytest.raises(IdempotencyMismatch):
        start_battle(arena, voter, PROMPT, requirement={"duration_s": 26}, idempotency_key="k")


@pytest.mark.parametrize(
    "requirement",
    [{"lyrics": "kill all the immigrants"}, {"genres": ["in the style of Eminem"]}],
)
def test_a_correction_is_moderated_as_the_prompt_is(arena: Arena, requirement: dict[str, Any]) -> None:
    battle = start(arena, "a waltz", requirement=requirement)
    assert battle.state == "refused"
    assert battle.reason in ("music_hateful", "music_artist")


def test_the_rules_of_music_hold_in_music_alone(arena: Arena) -> None:
    assert moderate("in the style of Taylor Swift", arena) is not None
    assert moderate("in the style of Taylor Swift", make_arena("text")) is None


def test_a_wish_that_music_does_not_know_is_refused_by_name(arena: Arena) -> None:
    with pytest.raises(PromptInvalid, match="context_tokens"):
        start(arena, requirement={"context_tokens": 5})
