"""Text at the boundary: made storable, and an inline `<think>` block kept apart. Pure."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from arena.systems.backends.base import Message, ReasoningDelta, TextDelta

_OPEN: Final = "<think>"
_CLOSE: Final = "</think>"
_HIGH_SURROGATES: Final = range(0xD800, 0xDC00)
_PIECE: Final = re.compile(r"\s*\S{1,5}|\s+")


def pieces(text: str) -> list[str]:
    """The text in pieces of about a token's size, which joined give the text again.

    For systems without a tokenizer of their own: a word of up to five characters with the space before it is near
    what byte-pair encodings make of English. Their token counts are counts of these pieces.
    """
    return _PIECE.findall(text)


def prompt_tokens(messages: Iterable[Message]) -> int:
    """The pieces of a whole conversation."""
    return sum(len(pieces(message.content)) for message in messages)


class TextCleaner:
    """Turns what a backend sends into valid Unicode without NUL, piece by piece.

    PostgreSQL stores no NUL and UTF-8 has no lone surrogate, but JSON can carry both, and may cut a pair of
    surrogates in two between chunks.
    """

    def __init__(self) -> None:
        self._held = ""

    def feed(self, piece: str) -> str:
        """Give the text that is now certain."""
        text = self._held + piece
        self._held = ""
        if text and ord(text[-1]) in _HIGH_SURROGATES:
            text, self._held = text[:-1], text[-1]
        return clean(text)

    def flush(self) -> str:
        """Give what was held back; no more pieces follow."""
        held, self._held = self._held, ""
        return clean(held)


def clean(text: str) -> str:
    """Drop NUL, join surrogate pairs, replace lone surrogates by U+FFFD."""
    if text.isascii():
        return text.replace("\0", "")
    return text.replace("\0", "").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class ThinkSplitter:
    """Tells the answer from a `<think>…</think>` block that stands at its very start.

    Models served without a reasoning parser write their thoughts into the answer. Only the very start counts: a
    `<think>` later on may be what the visitor asked about.
    """

    def __init__(self) -> None:
        self._state: str = "start"
        self._held = ""

    def feed(self, piece: str) -> Iterator[TextDelta | ReasoningDelta]:
        """Give the deltas that are now certain."""
        text, self._held = self._held + piece, ""
        if self._state == "start":
            text = self._decide(text)
        if self._state == "thinking":
            thought, text = self._think(text)
            if thought:
                yield ReasoningDelta(thought)
        if self._state == "after":
            text = text.lstrip()
            self._state = "after" if not text else "answer"
        if text and self._state == "answer":
            yield TextDelta(text)

    def flush(self) -> Iterator[TextDelta | ReasoningDelta]:
        """Give what was held back; no more pieces follow."""
        held, self._held = self._held, ""
        if held:
            yield ReasoningDelta(held) if self._state == "thinking" else TextDelta(held)

    def _decide(self, text: str) -> str:
        stripped = text.lstrip()
        if stripped.startswith(_OPEN):
            self._state = "thinking"
            return stripped.removeprefix(_OPEN)
        if _OPEN.startswith(stripped):
            self._held = text
            return ""
        self._state = "answer"
        return text

    def _think(self, text: str) -> tuple[str, str]:
        thought, close, rest = text.partition(_CLOSE)
        if close:
            self._state = "after"
            return thought, rest
        keep = next((n for n in range(len(_CLOSE) - 1, 0, -1) if text.endswith(_CLOSE[:n])), 0)
        cut = len(text) - keep
        self._held = text[cut:]
        return text[:cut], ""


class AnswerText:
    """Everything between a backend's pieces and the deltas of an answer: cleaning, and thought kept apart."""

    def __init__(self) -> None:
        self._spoken = TextCleaner()
        self._thought = TextCleaner()
        self._splitter = ThinkSplitter()
        # Whether any delta of text held more than white space.
        self.said_something = False

    def say(self, piece: str) -> Iterator[TextDelta | ReasoningDelta]:
        """Deltas of a further piece of the answer."""
        yield from self._noted(self._splitter.feed(self._spoken.feed(piece)))

    def think(self, piece: str) -> Iterator[ReasoningDelta]:
        """Deltas of a further piece of reasoning that the backend itself keeps apart."""
        thought = self._thought.feed(piece)
        if thought:
            yield ReasoningDelta(thought)

    def flush(self) -> Iterator[TextDelta | ReasoningDelta]:
        """Deltas of what was held back."""
        yield from self._noted(self._splitter.feed(self._spoken.flush()))
        yield from self._noted(self._splitter.flush())

    def _noted(self, deltas: Iterator[TextDelta | ReasoningDelta]) -> Iterator[TextDelta | ReasoningDelta]:
        for delta in deltas:
            self.said_something |= isinstance(delta, TextDelta) and bool(delta.text.strip())
            yield delta
