"""A contender that knows 2,000 dialogues by heart: it answers with the reply to the most similar remark.

Similarity is the cosine of TF-IDF vectors over the character 3- to 5-grams of words (Manning, Raghavan and Schütze,
Introduction to Information Retrieval, 2008, §6.3). On common small talk it is apt; elsewhere it is off topic.
"""

import math
from collections import Counter
from collections.abc import Generator, Iterable
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from arena.systems.backends.base import GenerationRequest
from arena.systems.offline import Reason, corpus
from arena.systems.offline.prose import WORD, seeded, sentence, speak, user_turns

_SIZES: Final = (3, 4, 5)
# A remark counts as similar from here on; below, the contender says that it is guessing.
_CONFIDENT: Final = 0.45
# Replies to remarks almost as similar as the best are equally good: the seed chooses.
_NEAR: Final = 0.95
_QUERY_CHARS: Final = 600
# How much the turn before counts in a follow-up ("and why?").
_MEMORY: Final = 0.3
_GUESSES: Final = (
    "I am not sure what you mean, but this comes to mind: {}",
    "That is not something I know much about. Still: {}",
    "Let me put it this way. {}",
)


class TfIdfIndex:
    """TF-IDF vectors of short texts, kept as postings: gram → (numbers of texts, weights).

    Args:
        texts: what to find; their number in this order is what `scores` indexes.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        counts = [_grams(text) for text in texts]
        self._size = len(counts)
        frequency = Counter(gram for grams in counts for gram in grams)
        self._idf = {gram: math.log((1 + self._size) / (1 + n)) + 1 for gram, n in frequency.items()}
        rows: dict[str, list[tuple[int, float]]] = {}
        for number, grams in enumerate(counts):
            for gram, weight in self._unit(grams).items():
                rows.setdefault(gram, []).append((number, weight))
        self._postings = {
            gram: (np.array([n for n, _w in row], dtype=np.intp), np.array([w for _n, w in row]))
            for gram, row in rows.items()
        }

    def scores(self, query: str) -> npt.NDArray[np.float64]:
        """Cosine similarity of every text with the query, shape (texts,), in 0..1."""
        scores = np.zeros(self._size)
        for gram, weight in self._unit(_grams(query)).items():
            numbers, weights = self._postings[gram]
            scores[numbers] += weight * weights
        return scores

    def _unit(self, grams: Counter[str]) -> dict[str, float]:
        weights = {gram: (1 + math.log(n)) * self._idf[gram] for gram, n in grams.items() if gram in self._idf}
        length = math.sqrt(sum(weight * weight for weight in weights.values()))
        return {gram: weight / length for gram, weight in weights.items()}


def _grams(text: str) -> Counter[str]:
    words = (f" {word.lower()} " for word in WORD.findall(text))
    return Counter(word[at : at + size] for word in words for size in _SIZES for at in range(len(word) - size + 1))


@lru_cache(maxsize=1)
def _index() -> TfIdfIndex:
    return TfIdfIndex(said for said, _answered in corpus.pairs())


def reply(request: GenerationRequest) -> Generator[str, None, Reason]:
    """Answer the last remark with a known reply."""
    turns = user_turns(request)
    scores = _index().scores(turns[-1][:_QUERY_CHARS])
    if len(turns) > 1:
        scores = (1 - _MEMORY) * scores + _MEMORY * _index().scores(turns[-2][:_QUERY_CHARS])
    for number, (_said, answered) in enumerate(corpus.pairs()):
        # Saying the same again is no answer to a follow-up.
        if any(answered in message.content for message in request.messages if message.role == "assistant"):
            scores[number] = 0.0
    rng = seeded(request, "retrieval")
    best = float(scores.max())
    chosen = int(rng.choice(np.flatnonzero(scores >= best * _NEAR).tolist()))
    answer = sentence(corpus.pairs()[chosen][1])
    return (yield from speak(answer if best >= _CONFIDENT else rng.choice(_GUESSES).format(answer), request))
