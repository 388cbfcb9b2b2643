"""What a music prompt needs meets what a system accepts and gives: total, strict, and told by aspect."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.router.lengths import stepped_s
from arena.router.signature import RULES, Fit, Need, Offer, RequirementInvalid, able, checked, fit, shortfalls
from arena.systems import music_signature
from tests.router.music_needs import BAND, CHOIR, OWN_WORDS, SINGER, asked, prompts, signatures


def missing(requirement: dict[str, Any], signature: dict[str, Any], chars: int = 20) -> dict[str, Fit]:
    return shortfalls("music", Need(requirement, chars, chars), Offer(signature, None))


@pytest.mark.parametrize(
    ("requirement", "signature", "expected"),
    [
        ({}, BAND, {}),
        ({"vocals": False}, SINGER, {}),
        ({"vocals": False}, CHOIR, {"vocals": Fit.UNSUPPORTED}),
        ({"vocals": True}, BAND, {"vocals": Fit.UNSUPPORTED}),
        ({"vocals": True}, SINGER, {}),
        ({"vocals": True}, CHOIR, {}),
        ({"vocals": True, "lyrics": "oh", "lyrics_by": "visitor"}, SINGER, {}),
        ({"vocals": True, "lyrics": "oh", "lyrics_by": "visitor"}, OWN_WORDS, {"lyrics": Fit.PARTIAL}),
        ({"vocals": True, "lyrics": "oh", "lyrics_by": "arena"}, OWN_WORDS, {}),
        ({"vocals": True, "language": "fr"}, CHOIR, {}),
        ({"vocals": True, "language": "FR-ca"}, CHOIR, {"language": Fit.PARTIAL}),
        ({"vocals": True, "language": "fr"}, SINGER, {"language": Fit.UNSUPPORTED}),
        ({"vocals": False, "language": "fr"}, SINGER, {}),
        ({"duration_s": 30}, {"duration": {"fixed": 30}}, {}),
        ({"duration_s": 31}, {"duration": {"fixed": 30}}, {}),
        ({"duration_s": 20}, {"duration": {"fixed": 30}}, {"duration": Fit.PARTIAL}),
        ({"duration_s": 50}, {"duration": {"fixed": 30}}, {"duration": Fit.PARTIAL}),
        ({"duration_s": 90}, {"duration": {"fixed": 30}}, {"duration": Fit.UNSUPPORTED}),
        ({"duration_s": 60}, {"duration": {"min": 5, "max": 120}}, {}),
        ({"duration_s": 200}, {"duration": {"min": 5, "max": 120}}, {"duration": Fit.PARTIAL}),
        ({"duration_s": 300}, {"duration": "free"}, {}),
        ({}, {"vocals": "sometimes"}, {"signature": Fit.UNSUPPORTED}),
    ],
)
def test_what_is_missing_is_told_by_aspect(
    requirement: dict[str, Any], signature: dict[str, Any], expected: dict[str, Fit]
) -> None:
    assert missing(requirement, signature) == expected


@given(ends=st.tuples(st.floats(5, 300), st.floats(5, 300)).map(sorted), part=st.floats(0, 1))
def test_whoever_makes_clips_of_a_length_is_asked_for_it(ends: list[float], part: float) -> None:
    shortest, longest = ends
    understood = stepped_s(shortest + part * (longest - shortest))
    assert missing({"duration_s": understood}, {"duration": {"min": shortest, "max": longest}}) == {}
    assert missing({"duration_s": stepped_s(longest)}, {"duration": {"fixed": longest}}) == {}


def test_a_prompt_that_is_too_long_goes_to_others() -> None:
    assert missing({}, {"max_prompt_chars": 200}, 200) == {}
    assert missing({}, {"max_prompt_chars": 200}, 201) == {"prompt": Fit.UNSUPPORTED}


def test_in_music_nobody_meets_in_part() -> None:
    offers = {name: Offer({"duration": {"fixed": seconds}}, None) for name, seconds in (("a", 30), ("b", 45))}
    assert able("music", Need({"duration_s": 30}, 9, 9), offers) == ["a"]


@given(prompts, asked, st.lists(signatures, max_size=5))
def test_no_system_is_able_that_cannot_sing_be_silent_or_read_the_prompt(
    prompt: str, wish: dict[str, Any], found: list[dict[str, Any]]
) -> None:
    requirement = RULES["music"].understood(prompt, checked("music", wish))
    need = Need(requirement, len(prompt.encode()), len(prompt))
    offers = {n: Offer(signature, None) for n, signature in enumerate(found)}
    for n in able("music", need, offers):
        signature = music_signature.read(found[n])
        assert signature.vocals != ("none" if requirement["vocals"] else "always")
        assert signature.max_prompt_chars is None or len(prompt) <= signature.max_prompt_chars
        if requirement["vocals"] and signature.languages and "language" in requirement:
            assert requirement["language"].lower() in signature.languages
        if requirement.get("lyrics"):
            assert signature.takes_lyrics
        if signature.min_s is not None:
            # Of 134 seconds the first 130 are heard: that is what has to be near.
            assert stepped_s(signature.min_s) * 0.9 <= requirement["duration_s"] <= signature.max_s * 1.1
    assert all(fit("music", need, offer) in Fit for offer in offers.values())


@pytest.mark.parametrize(
    ("prompt", "wish", "expected"),
    [
        ("a waltz", {}, {"vocals": False, "duration_s": 30.0, "genres": ["waltz"]}),
        ("a waltz, 20 s", {"duration_s": 45}, {"vocals": False, "duration_s": 45, "genres": ["waltz"]}),
        ("sung in French", {}, {"vocals": True, "duration_s": 30.0, "language": "fr"}),
        ("sung in French", {"vocals": False}, {"vocals": False, "duration_s": 30.0}),
        (
            "a waltz",
            {"lyrics": "la la"},
            {"vocals": True, "duration_s": 30.0, "genres": ["waltz"], "lyrics": "la la", "lyrics_by": "visitor"},
        ),
        ("sing", {"lyrics": ""}, {"vocals": True, "duration_s": 30.0}),
    ],
)
def test_what_is_asked_for_outweighs_what_is_read(prompt: str, wish: dict[str, Any], expected: dict[str, Any]) -> None:
    understood = RULES["music"].understood(prompt, wish)
    assert RULES["music"].asked(understood) == wish
    del understood["asked"]
    assert understood == expected


def test_a_release_tells_nobodys_words() -> None:
    stored = RULES["music"].understood('folk, sing "my secret street name is"', {"duration_s": 20})
    assert RULES["music"].published(stored) == {"vocals": True, "duration_s": 20}


@pytest.mark.parametrize(
    ("wish", "named"),
    [
        ({"wings": 2}, "wings"),
        ({"vocals": "yes"}, "vocals"),
        ({"duration_s": 4}, "duration_s"),
        ({"duration_s": True}, "duration_s"),
        ({"duration_s": float("nan")}, "duration_s"),
        ({"tempo_bpm": 1000}, "tempo_bpm"),
        ({"language": "French!"}, "language"),
        ({"genres": "folk"}, "genres"),
        ({"genres": ["x" * 41]}, "genres"),
        ({"genres": ["x"] * 9}, "genres"),
        ({"genres": ["folk\0"]}, "genres"),
        ({"genres": ["folk\ud800"]}, "genres"),
        ({"lyrics": "x" * 3001}, "lyrics"),
        ({"lyrics": "la\0"}, "lyrics"),
        ({"lyrics": "la\ud800"}, "lyrics"),
        ({"lyrics": "la", "vocals": False}, "lyrics"),
        ({"asked": {}}, "asked"),
        ({"lyrics_by": "arena"}, "lyrics_by"),
    ],
)
def test_a_wrong_wish_is_refused_and_named(wish: dict[str, Any], named: str) -> None:
    with pytest.raises(RequirementInvalid, match=named):
        checked("music", wish)
