"""What prompts of music need and what systems of music offer: a few by name, and any by hypothesis."""

from typing import Any

from hypothesis import strategies as st

BAND: dict[str, Any] = {"vocals": "none"}
SINGER: dict[str, Any] = {"vocals": "optional", "lyrics": ["accepts", "generates"], "languages": ["en"]}
CHOIR: dict[str, Any] = {"vocals": "always", "lyrics": ["requires"], "languages": ["en", "fr"]}
OWN_WORDS: dict[str, Any] = {"vocals": "optional", "lyrics": ["generates"]}

signatures = st.fixed_dictionaries(
    {},
    optional={
        "vocals": st.sampled_from(["none", "optional", "always", "never", 3]),
        "lyrics": st.lists(st.sampled_from(["accepts", "generates", "requires"]), unique=True),
        "duration": st.one_of(
            st.just("free"),
            st.builds(lambda s: {"fixed": s}, st.integers(-5, 400)),
            st.builds(lambda a, b: {"min": a, "max": b}, st.integers(1, 100), st.integers(1, 400)),
        ),
        "languages": st.lists(st.sampled_from(["en", "fr", "pt-BR"]), max_size=2),
        "max_prompt_chars": st.integers(1, 50),
        "junk": st.none(),
    },
)
wishes = st.fixed_dictionaries(
    {},
    optional={
        "vocals": st.booleans(),
        "duration_s": st.integers(5, 300),
        "language": st.sampled_from(["en", "fr", "pt"]),
        "tempo_bpm": st.integers(30, 300),
    },
)
#: Also with words of the visitor's own, which need a voice.
asked = st.one_of(
    wishes,
    st.builds(
        lambda wish, words: {**wish, "vocals": True, "lyrics": words}, wishes, st.sampled_from(["oh my love", "la la"])
    ),
)
PROMPTS = ("a waltz", "sing 'oh'", "instrumental rock", 'sing "la la la la"', "30 s, vocals, French")
prompts = st.sampled_from(PROMPTS)
