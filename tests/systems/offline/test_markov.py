"""The chain of the babbling contender."""

import random
from itertools import pairwise

from arena.systems.offline.markov import Chain

TEXTS = ["the cat sat on the mat", "the dog sat on the cat", "a bird sang"]


def test_a_sentence_grows_around_its_word() -> None:
    chain = Chain(TEXTS)
    for seed in range(40):
        assert "cat" in chain.grow("cat", random.Random(seed)).split()


def test_every_neighbourhood_was_read_somewhere() -> None:
    chain, read = Chain(TEXTS), set()
    for text in TEXTS:
        words = text.split()
        read |= set(pairwise(words))
    for seed in range(40):
        words = chain.grow("sat", random.Random(seed)).split()
        assert set(pairwise(words)) <= read


def test_an_unknown_word_starts_anywhere() -> None:
    assert Chain(TEXTS).grow("xyzzy", random.Random(1))
    assert Chain(TEXTS).grow(None, random.Random(1))
