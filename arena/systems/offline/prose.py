"""What the rule-based contenders share: seeded choice, the conversation, speaking in small pieces. Pure."""

import hashlib
import random
import re
from collections.abc import Generator
from typing import Final

from arena.systems.backends.base import GenerationRequest
from arena.systems.offline import Reason

_PIECE: Final = re.compile(r"\s*\S+|\s+")
WORD: Final = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")


def user_turns(request: GenerationRequest) -> list[str]:
    """What the user said, oldest first; the last one is the prompt."""
    return [message.content for message in request.messages if message.role == "user"]


def seeded(request: GenerationRequest, name: str) -> random.Random:
    """The same random numbers for the same conversation, seed and contender."""
    said = "\0".join(message.content for message in request.messages)
    digest = hashlib.sha256(f"{name}\0{request.seed}\0{said}".encode("utf-8", "replace")).digest()
    return random.Random(int.from_bytes(digest[:8]))


def speak(text: str, request: GenerationRequest) -> Generator[str, None, Reason]:
    """Give a text word by word, cut at the token cap (a word counts as one token)."""
    pieces = _PIECE.findall(text)
    cap = request.limits.max_output_tokens
    yield from pieces[:cap]
    return "length" if len(pieces) > cap else "stop"


def sentence(text: str) -> str:
    """With a capital letter first and a full stop last."""
    text = " ".join(text.split())
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?", "…", '"')) else ".") if text else ""
