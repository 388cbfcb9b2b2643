"""Simulated systems differ by topic and by prompt, and their strengths over all prompts stay what they are."""

import random
from itertools import permutations

import numpy as np
import pytest

from arena.rankings.tastes import tastes_of
from arena.rankings.topics import TASKS, VAGUE, Prompts
from data_releases.near_duplicates import groups_of

STRENGTHS = {"Ada": 1300.0, "Bell": 1050.0, "Cray": 1000.0, "Dijk": 650.0}
ANYTHING = Prompts(("Why?", "How?", "Who?"), 0.8)


@pytest.mark.parametrize("prompts", [ANYTHING, Prompts(("Why?",), 0.0), Prompts((), 1.0)])
def test_over_all_topics_the_chance_of_winning_is_that_of_the_strengths(prompts: Prompts) -> None:
    tastes = tastes_of(STRENGTHS, 7, prompts.shares)
    assert sum(prompts.shares.values()) == pytest.approx(1.0)
    for left, right in permutations(STRENGTHS, 2):
        over_all = sum(share * tastes.chance(left, right, topic) for topic, share in prompts.shares.items())
        assert over_all == pytest.approx(1 / (1 + 10 ** ((STRENGTHS[right] - STRENGTHS[left]) / 400)), abs=1e-6)
        for topic in TASKS:
            assert tastes.chance(left, right, topic) + tastes.chance(right, left, topic) == pytest.approx(1.0)


def test_what_is_drawn_for_a_prompt_has_the_chance_of_its_topic() -> None:
    tastes, rng = tastes_of(STRENGTHS, 7, ANYTHING.shares), random.Random(1)
    drawn = np.array([tastes.ahead("Bell", "Cray", "maths", rng) for _ in range(20_000)])
    assert (1 / (1 + 10 ** (-drawn / 400))).mean() == pytest.approx(tastes.chance("Bell", "Cray", "maths"), abs=0.005)
    assert tastes.ahead("Bell", "Bell", "maths", rng) == 0.0


def test_a_system_that_is_better_over_all_is_not_better_at_everything() -> None:
    tastes = tastes_of(STRENGTHS, 7, ANYTHING.shares)
    chances = [tastes.chance("Bell", "Cray", topic) for topic in TASKS]
    assert min(chances) < 0.4 < 0.6 < max(chances)


def test_prompts_are_new_each_time_and_seldom_nearly_the_same() -> None:
    rng = random.Random(3)
    texts = [Prompts((), 1.0).one(rng).text for _ in range(2_000)]
    assert len(set(texts)) == len(texts)
    assert len(set(groups_of(texts).tolist())) > 0.85 * len(texts)
    assert Prompts((), 1.0).one(random.Random(4)) == Prompts((), 1.0).one(random.Random(4))


def test_a_given_prompt_has_one_topic() -> None:
    rng = random.Random(3)
    topics = {(one.text, one.topic) for one in (Prompts(("Why?", "How?"), 0.0).one(rng) for _ in range(50))}
    assert {text for text, _topic in topics} == {"Why?", "How?"}
    assert len(topics) == 2
    assert 0 < VAGUE < 0.5
