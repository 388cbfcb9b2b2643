"""Text at the boundary."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.systems.backends.base import ReasoningDelta, TextDelta
from arena.systems.backends.text import AnswerText, TextCleaner, clean

PIECES = st.lists(st.text(st.characters(), max_size=6), max_size=12)


def read(pieces: list[str]) -> tuple[str, str]:
    answer, text, thought = AnswerText(), "", ""
    for delta in [delta for piece in pieces for delta in answer.say(piece)] + list(answer.flush()):
        text += delta.text if isinstance(delta, TextDelta) else ""
        thought += delta.text if isinstance(delta, ReasoningDelta) else ""
    return text, thought


@given(PIECES)
def test_cleaning_piece_by_piece_is_cleaning_the_whole(pieces: list[str]) -> None:
    cleaner = TextCleaner()
    cleaned = "".join(cleaner.feed(piece) for piece in pieces) + cleaner.flush()
    assert cleaned == clean("".join(pieces))


@given(st.text(st.characters()))
def test_clean_text_can_be_stored(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode("utf-8")
    assert "\0" not in cleaned
    assert clean(cleaned) == cleaned


@given(PIECES)
def test_an_answer_without_a_thought_is_kept_as_it_is(pieces: list[str]) -> None:
    whole = clean("".join(pieces))
    if not whole.lstrip().startswith("<think>"):
        assert read(pieces) == (whole, "")


@given(st.integers(1, 9))
def test_a_thought_is_found_however_it_is_cut(size: int) -> None:
    whole = " <think>\nHm < 3 </b> </thin\n</think>\n\n Yes <think> no"
    pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
    assert read(pieces) == ("Yes <think> no", "\nHm < 3 </b> </thin\n")


@pytest.mark.parametrize(
    ("pieces", "text", "thought"),
    [
        (["<think>never closed"], "", "never closed"),
        (["<think>almost</thi"], "", "almost</thi"),
        (["<thi"], "<thi", ""),
        (["<thin", "ner>"], "<thinner>", ""),
        (["<think></think>", "a"], "a", ""),
        (["What is <think>?"], "What is <think>?", ""),
        ([""], "", ""),
    ],
)
def test_thoughts_at_the_edges(pieces: list[str], text: str, thought: str) -> None:
    assert read(pieces) == (text, thought)


@pytest.mark.parametrize(("piece", "spoke"), [("  \n", False), ("<think>a</think> ", False), ("a", True)])
def test_white_space_is_not_speech(piece: str, spoke: bool) -> None:
    answer = AnswerText()
    list(answer.say(piece))
    list(answer.flush())
    assert answer.said_something is spoke
