"""Vectors of prompts are the same everywhere and know words."""

import numpy as np
import pytest

from arena.policies import embedding
from arena.policies.embedding import embedded


def test_vectors_depend_on_words_alone():
    first, again, other, none = embedded(["Bread and salt", "bread AND salt!", "Something else", "…"])
    assert first.tolist() == again.tolist() != other.tolist()
    assert np.linalg.norm(first) == pytest.approx(1)
    assert not none.any()


def test_many_texts_at_once_are_as_one_by_one(monkeypatch):
    texts = [f"Number {n} of {n % 3}" for n in range(25)]
    alone = np.concatenate([embedded([text]) for text in texts])
    monkeypatch.setattr(embedding, "_BATCH", 10)
    assert embedded(texts).tobytes() == alone.tobytes()


def test_the_bits_are_pinned():
    vector = embedded(["Why is the sky blue?"])[0]
    places = np.flatnonzero(vector).tolist()
    assert len(places) == 9
    assert set(np.abs(vector[places]).tolist()) == {float(np.float32(1) / np.sqrt(np.float32(9)))}
