"""Prompts and requirements at the edge: what is stored, and what the visitor is told."""

import pytest
from django.utils import translation

from arena.arenas.models import Arena
from arena.router.messages import _MESSAGES, message_of
from arena.router.services import PromptInvalid, checked_prompt, checked_requirement

CODES = ("prompt_empty", "prompt_too_long", "prompt_encoding", "prompt_control_characters", "no_pair", "no_systems")


def test_a_prompt_is_stored_as_it_was_typed_with_plain_line_ends() -> None:
    assert checked_prompt("  Dear\r\nreader \n") == "  Dear\nreader \n"


def test_line_ends_of_a_form_do_not_make_a_prompt_too_long() -> None:
    assert len(checked_prompt("\r\n".join("a" * 80))) == 159
    assert len(checked_prompt("a\r\n" * 4000)) == 8000


@pytest.mark.parametrize(
    ("text", "code"), [("", "prompt_empty"), ("\x00", "prompt_encoding"), ("a" * 8001, "prompt_too_long")]
)
def test_a_bad_prompt_is_refused_with_a_sentence(text: str, code: str) -> None:
    with pytest.raises(PromptInvalid) as caught:
        checked_prompt(text)
    assert caught.value.code == code
    assert caught.value.message == message_of(code)


@pytest.mark.parametrize("code", [*CODES, "requirement_invalid", "unsafe_content"])
def test_every_code_has_its_own_sentence(code: str) -> None:
    assert message_of(code).endswith(".")
    assert len({str(message) for message in _MESSAGES.values()}) == len(_MESSAGES)


def test_sentences_follow_the_active_language() -> None:
    with translation.override("fr"):
        assert message_of("prompt_empty")


def test_a_requirement_is_checked_by_the_rules_of_the_arenas_modality() -> None:
    arena = Arena(slug="text", modality="text")
    assert checked_requirement(arena, {"language": "fr"}) == {"language": "fr"}
    assert checked_requirement(arena, None) == {}
    with pytest.raises(PromptInvalid) as caught:
        checked_requirement(arena, {"vocals": "none"})
    assert caught.value.code == "requirement_invalid"
    assert "vocals" in caught.value.message
