"""The index of the retrieval contender."""

import math

import numpy as np

from arena.systems.offline.retrieval import TfIdfIndex

TEXTS = ["the cat sat", "the dog ran", "a cat and a dog", "nothing in common"]


def test_a_text_is_most_similar_to_itself() -> None:
    index = TfIdfIndex(TEXTS)
    for number, text in enumerate(TEXTS):
        scores = index.scores(text)
        assert int(np.argmax(scores)) == number
        assert math.isclose(scores[number], 1.0)


def test_scores_are_cosines() -> None:
    scores = TfIdfIndex(TEXTS).scores("cat dog")
    assert ((scores >= 0) & (scores <= 1 + 1e-9)).all()
    assert scores[2] > scores[0] > scores[3] == 0


def test_unknown_words_match_nothing() -> None:
    assert not TfIdfIndex(TEXTS).scores("zzz 123 日本").any()
