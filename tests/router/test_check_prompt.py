"""The form of a prompt: what is text, and how much of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.router.guard import MAX_BYTES, MAX_CHARS, problem_of, readings, with_newlines


@pytest.mark.parametrize(
    "text", ["Hello", "a", "?", "日本語で", "🙂", "tab\tand\nnewline", "a\u200db", "x" * MAX_CHARS]
)
def test_text_is_accepted(text: str) -> None:
    assert problem_of(text) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "prompt_empty"),
        (" \n\t ", "prompt_empty"),
        ("\u200b\u200d\ufeff", "prompt_empty"),
        ("\u3000\xa0", "prompt_empty"),
        ("x" * (MAX_CHARS + 1), "prompt_too_long"),
        (" " * (MAX_CHARS + 1), "prompt_too_long"),
        ("a\x00b", "prompt_encoding"),
        ("\x00", "prompt_encoding"),
        ("a\ud83d", "prompt_encoding"),
        ("\udc80abc", "prompt_encoding"),
        ("a\x1b[31mred", "prompt_control_characters"),
        ("\x07", "prompt_control_characters"),
        ("caf\x82", "prompt_control_characters"),
        ("a\x7fb", "prompt_control_characters"),
    ],
)
def test_what_is_no_prompt_is_refused_by_code(text: str, code: str) -> None:
    assert problem_of(text) == code


def test_the_longest_prompt_of_the_largest_characters_has_32_kilobytes() -> None:
    assert problem_of("🙂" * MAX_CHARS) is None
    assert len(("🙂" * MAX_CHARS).encode()) == MAX_BYTES == 32_000


@given(st.text(max_size=200))
def test_an_accepted_prompt_can_be_stored_and_sent(text: str) -> None:
    if problem_of(text) is None:
        assert len(text.encode()) <= MAX_BYTES
        assert "\x00" not in text


def test_the_line_ends_of_forms_and_programs_are_the_same() -> None:
    assert with_newlines("one\r\ntwo\rthree\nfour") == "one\ntwo\nthree\nfour"


@given(st.text(max_size=300))
def test_every_text_has_two_readings(text: str) -> None:
    plain, loose = readings(text)
    assert plain == plain.casefold()
    assert "\u200b" not in plain + loose


def test_numbers_are_not_read_as_letters() -> None:
    assert "100 euros" in readings("It costs 100 euros")[1]
