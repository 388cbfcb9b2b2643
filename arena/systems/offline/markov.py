"""A contender that babbles: a Markov chain over the words of the dialogues, grown from a word of the prompt.

The chain runs both ways from a word of the prompt (after Hutchens and Alder, "Introducing MegaHAL", 1998), so the
answer is about the prompt without saying anything. markovify has no such start and draws from the global random state.
"""

import random
from collections import defaultdict
from collections.abc import Generator
from functools import lru_cache
from itertools import pairwise
from typing import Final

from arena.systems.backends.base import GenerationRequest
from arena.systems.offline import Reason, corpus
from arena.systems.offline.prose import WORD, seeded, sentence, speak, user_turns

_END: Final = ""
_MAX_WORDS: Final = 32
_SENTENCES: Final = (2, 4)
_SHORT: Final = 4
_COMMON: Final = 200


class Chain:
    """Which words followed, and preceded, each pair of neighbours; order 2.

    Args:
        texts: sentences to learn from, split at white space.
    """

    def __init__(self, texts: list[str]) -> None:
        self.after: dict[tuple[str, str], list[str]] = defaultdict(list)
        self.before: dict[tuple[str, str], list[str]] = defaultdict(list)
        self.starts: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for text in texts:
            words = text.split()
            ring = [_END, *words, _END]
            for first, second, third in zip(ring, ring[1:], ring[2:], strict=False):
                self.after[first, second].append(third)
                self.before[second, third].append(first)
            for first, second in pairwise(words):
                for key in {plain(first), plain(second)} - {""}:
                    self.starts[key].append((first, second))
        self._openings = [pair for pair in self.after if pair[0] == _END]

    def grow(self, word: str | None, rng: random.Random) -> str:
        """A sentence around the word; any sentence where the word is None or unknown."""
        starts = self.starts.get(word or "")
        if not starts:
            _end, first = rng.choice(self._openings)
            return " ".join([first, *self._walk(self.after, (_END, first), rng)])
        pair = rng.choice(starts)
        head = self._walk(self.before, pair, rng, back=True)
        return " ".join([*reversed(head), *pair, *self._walk(self.after, pair, rng)])

    @staticmethod
    def _walk(
        table: dict[tuple[str, str], list[str]], state: tuple[str, str], rng: random.Random, *, back: bool = False
    ) -> list[str]:
        words: list[str] = []
        while len(words) < _MAX_WORDS and (choices := table.get(state)):
            word = rng.choice(choices)
            if word == _END:
                break
            words.append(word)
            state = (word, state[0]) if back else (state[1], word)
        return words


def plain(word: str) -> str:
    """The word without punctuation and capitals."""
    found = WORD.search(word)
    return found.group().lower() if found else ""


@lru_cache(maxsize=1)
def _chain() -> Chain:
    return Chain([line for pair in corpus.pairs() for line in pair])


def _topics(prompt: str, chain: Chain) -> list[str]:
    """Words of the prompt that the chain knows, the telling ones only if there are any."""
    known = [word for word in map(plain, prompt.split()) if word in chain.starts]
    telling = [word for word in known if len(word) >= _SHORT and len(chain.starts[word]) < _COMMON]
    return telling or known


def reply(request: GenerationRequest) -> Generator[str, None, Reason]:
    """A few sentences around words of the prompt, or of the turn before it."""
    chain, rng = _chain(), seeded(request, "markov")
    topics = next(filter(None, (_topics(turn, chain) for turn in reversed(user_turns(request)))), [])
    grown = [
        sentence(chain.grow(rng.choice(topics) if topics else None, rng)) for _n in range(rng.randint(*_SENTENCES))
    ]
    return (yield from speak(" ".join(grown), request))
