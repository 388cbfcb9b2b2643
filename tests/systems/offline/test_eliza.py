"""ELIZA's rules."""

import random

import pytest

from arena.systems.offline.eliza import reflect, respond


@pytest.mark.parametrize(
    ("said", "meant"),
    [("my book", "your book"), ("I am yours", "you are mine"), ("you hate me", "I hate you"), ("myself", "yourself")],
)
def test_words_are_turned_around(said: str, meant: str) -> None:
    assert reflect(said) == meant


@pytest.mark.parametrize(
    ("remark", "heard"),
    [
        ("I am so sad today", "sad"),
        ("I need my holiday.", "your holiday"),
        ("My mother never calls", "mother"),
        ("I can’t sleep", "sleep"),
        ("Write a haiku about rain", "haiku about rain"),
        ("Could you explain gravity?", "gravity"),
        ("I dreamt of a train", "a train"),
    ],
)
def test_the_remark_is_taken_up(remark: str, heard: str) -> None:
    answers = {respond(remark, random.Random(seed)) for seed in range(30)}
    assert any(heard in answer for answer in answers)
    assert not any("{" in answer for answer in answers)


def test_danger_is_answered_with_help() -> None:
    assert "helpline" in respond("I want to end my life", random.Random(1))
