"""How systems of known strengths differ by topic and by prompt, for simulations. Pure.

A system is stronger or weaker than its strength on each topic by points that the seed fixes, and on each prompt by
points that nobody can know before. Chances are not linear in points, so what is better here and worse there would not
average out: two systems would look more alike over all prompts than their strengths say. So a pair gets a correction c
of its own, which solves

    Σ over topics t of share_t · E[σ(d + c + a_t + e)] = σ(d)

for its difference in strength d, its difference a_t on the topic, and e, normal, on the prompt, with
σ(x) = 1 / (1 + 10^(-x/400)). Then the chance of winning over all prompts is that of the strengths, and a board, which
sees no more, finds them.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from arena.rankings.terms import SCALE
from arena.rankings.tie_models import logistic
from arena.rankings.topics import TASKS

#: Standard deviations in points: of a system on a topic, and on a prompt.
TOPIC_SPREAD: Final = 180.0
PROMPT_SPREAD: Final = 60.0
_NODES: Final = 15
_HALVINGS: Final = 40
#: No correction is larger, in points: six standard deviations of a difference on one topic.
_MOST: Final = 6 * 2**0.5 * TOPIC_SPREAD


@dataclass(frozen=True, slots=True)
class Tastes:
    """Systems by topic. strengths: points by name; on_topic: topic → name → points above the strength."""

    strengths: Mapping[str, float]
    on_topic: Mapping[str, Mapping[str, float]]
    corrections: Mapping[tuple[str, str], float]

    def ahead(self, left: str, right: str, topic: str, rng: random.Random) -> float:
        """By how many points the left system is the stronger one on a new prompt of a topic; 0 against itself."""
        if left == right:
            return 0.0
        on_prompt = rng.gauss(0.0, PROMPT_SPREAD) - rng.gauss(0.0, PROMPT_SPREAD)
        return self._on_topic(left, right, topic) + on_prompt

    def chance(self, left: str, right: str, topic: str) -> float:
        """Of the left system to win on a prompt of a topic, a vote for neither as half."""
        return float(_expected(np.array(self._on_topic(left, right, topic)))) if left != right else 0.5

    def _on_topic(self, left: str, right: str, topic: str) -> float:
        known = self.strengths[left] - self.strengths[right] + self.corrections[left, right]
        return known + self.on_topic[topic][left] - self.on_topic[topic][right]


def tastes_of(strengths: Mapping[str, float], seed: int, shares: Mapping[str, float]) -> Tastes:
    """What each system is good at, by the seed, its name and the topic.

    Args:
        strengths: points by name.
        seed: of the simulation.
        shares: topic → how often it comes up; they add up to 1.
    """
    on_topic = {
        topic: {name: random.Random(f"{seed} {name} {topic}").gauss(0.0, TOPIC_SPREAD) for name in strengths}
        for topic in TASKS
    }
    names = list(strengths)
    values = np.array([strengths[name] for name in names])
    topics = np.array([[own[name] for name in names] for own in on_topic.values()])
    weights = np.array([shares[topic] for topic in on_topic])
    found = _corrections(values[:, None] - values, topics[:, :, None] - topics[:, None, :], weights)
    pairs = {(one, other): float(found[i, j]) for i, one in enumerate(names) for j, other in enumerate(names)}
    return Tastes(strengths, on_topic, pairs)


def _corrections(apart: Any, by_topic: Any, shares: Any) -> Any:
    """(n, n) points, by halving, as chances grow with them.

    Args:
        apart: (n, n) differences in strength.
        by_topic: (topics, n, n) differences on topics.
        shares: (topics,).
    """
    low, high = np.full_like(apart, -_MOST), np.full_like(apart, _MOST)
    wanted = _won(apart)
    for _halving in range(_HALVINGS):
        middle = (low + high) / 2
        short = np.tensordot(shares, _expected(apart + middle + by_topic), axes=1) < wanted
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return (low + high) / 2


def _won(points: Any) -> Any:
    return logistic(points / SCALE)


def _expected(points: Any) -> Any:
    """The chance over prompts, by Gauss and Hermite."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    # The difference of two normal numbers.
    spread = PROMPT_SPREAD * np.sqrt(2.0)
    return (_won(points[..., None] + spread * nodes) * weights).sum(axis=-1) / weights.sum()
