"""What a prompt is about, by rules that anybody can read."""

import time
from typing import Any

import pytest

from arena.arenas.models import Modality
from arena.rankings.categories import Category, in_mask, mask_of
from arena.rankings.filters import BoardFilter, NoSuchFilter, boards_of, filter_of, from_name
from arena.rankings.genres import FAMILIES, FORMS
from arena.rankings.languages import LANGUAGES, _identifier, language_of
from arena.rankings.sorting import SORTING
from arena.router.music import GENRES
from arena.web.messages import CATEGORIES

PROMPTS = [
    ("Why is the sky blue?", set()),
    ("I have a bug in my heart", set()),
    ("How do I reverse a list in Python?", {"coding"}),
    ("```\nfor i in range(3): pass\n```\nWhat does this do?", {"coding"}),
    ("Implement a queue with this algorithm", {"coding"}),
    ("Solve for x: 3x + 4 = 19", {"maths"}),
    ("What is the derivative of sin(x)?", {"maths"}),
    ("If 3 trains leave every hour, how many leave in a day? Calculate it.", {"maths"}),
    ("Write a short story about a lighthouse", {"creative-writing"}),
    ("Écris un poème sur la mer", {"creative-writing"}),
    ("Schreibe ein Gedicht über den Regen", {"creative-writing"}),
    ("Plan a week of dinners in exactly 50 words", {"instruction-following"}),
    ("Tell me about otters. Do not use the letter e.", {"instruction-following"}),
    ("Write a haiku about rain in exactly three lines", {"creative-writing", "instruction-following"}),
    (
        "Design a distributed rate limiter algorithm in Python; compare the trade-offs and prove it correct.",
        {"coding", "hard"},
    ),
]


@pytest.mark.parametrize(("prompt", "expected"), PROMPTS)
def test_rules_find_what_a_reader_would(prompt: str, expected: set[str]) -> None:
    assert {category.value for category in SORTING["text"].find([prompt], {})} == expected


def test_length_and_turns_are_categories_of_the_whole_conversation() -> None:
    find = SORTING["text"].find
    assert find(["Hello there", "And now?"], {}) == {Category.MULTI_TURN}
    assert find(["otters " * 300], {}) == {Category.LONG}


@pytest.mark.parametrize(
    "piece", ["select ", "$" + "=" * 50, "\n", "1. a\n", "a+ ", "write ", " \t", "in 3 ", "`", "must "]
)
def test_a_hostile_prompt_takes_no_longer_than_its_length_asks_for(piece: str) -> None:
    text = piece * (40_000 // len(piece))
    started = time.process_time()
    SORTING["text"].find([text], {})
    language_of(text)
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("requirement", "kinds"),
    [
        ({"vocals": True}, {"vocal"}),
        ({"vocals": False}, {"instrumental"}),
        ({}, set()),
        ({"vocals": False, "genres": ["Melodic Techno", "piano"]}, {"instrumental", "electronic"}),
        ({"genres": ["bossa nova", "yacht jazz"]}, {"jazz", "latin"}),
        ({"genres": ["popcorn", "underground rockets"]}, set()),
    ],
)
def test_a_song_is_sorted_by_its_requirement_not_by_its_words(requirement: dict[str, Any], kinds: set[str]) -> None:
    found = SORTING["music"].find(["Write a story in Python, sung by a choir of rock and pop"], requirement)
    assert {category.value for category in found} == kinds


def test_every_genre_that_is_read_from_a_prompt_has_its_family_or_is_a_form() -> None:
    families = frozenset().union(*FAMILIES.values())
    assert families | FORMS == set(GENRES)
    assert not families & FORMS


def test_every_modality_has_its_kinds_and_every_kind_a_name_for_people() -> None:
    assert set(Modality.values) <= set(SORTING)
    assert {kind.value for sorting in SORTING.values() for kind in sorting.kinds} == set(CATEGORIES)


def test_the_languages_that_may_be_asked_for_are_those_that_are_told_apart() -> None:
    assert LANGUAGES - {"und"} == {str(language) for language in _identifier().nb_classes}


def test_masks_keep_their_places() -> None:
    """Stored masks outlive the code: these numbers never change."""
    assert [category.bit for category in Category][:9] == [1, 2, 4, 8, 16, 32, 64, 128, 256]
    assert (Category.ELECTRONIC.bit, Category.AMBIENT.bit) == (1 << 9, 1 << 19)
    assert in_mask(mask_of({Category.LONG, Category.CODING})) == (Category.CODING, Category.LONG)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Why is the sky blue at noon?", "en"),
        ("Pourquoi le ciel est-il bleu ?", "fr"),
        ("Warum ist der Himmel am Mittag blau?", "de"),
        ("¿Por qué el cielo es azul al mediodía?", "es"),
        ("请解释一下为什么天空是蓝色的谢谢你们大家好吗", "zh"),
        ("Why?", "und"),
        ("```\nprint('this is a long line of English words in code')\n```", "und"),
    ],
)
def test_the_language_is_told_where_there_is_enough_text(text: str, language: str) -> None:
    assert language_of(text) == language


def test_a_board_name_says_its_filter_and_back() -> None:
    chosen = filter_of("fr", ["maths", "coding", "maths"])
    assert chosen.name == "language:fr category:coding category:maths"
    assert not chosen.is_named
    for one in (BoardFilter(), chosen, filter_of("fr", []), filter_of(None, ["long"])):
        assert from_name(one.name) == one


@pytest.mark.parametrize(
    ("language", "categories", "field"),
    [("FR", [], "language"), ("fr'", [], "language"), ("zz", [], "language"), (None, ["cooking"], "category"),
     (None, ["coding", "maths", "long", "hard"], "category")],
)  # fmt: skip
def test_a_filter_that_does_not_exist_is_named(language: str | None, categories: list[str], field: str) -> None:
    with pytest.raises(NoSuchFilter) as refused:
        filter_of(language, categories)
    assert refused.value.field == field


def test_a_vote_counts_on_the_board_of_all_and_on_each_of_its_own() -> None:
    mask = mask_of({Category.CODING, Category.HARD})
    assert boards_of("fr", mask) == ["all", "language:fr", "category:coding", "category:hard"]
