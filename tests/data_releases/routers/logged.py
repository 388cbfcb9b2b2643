"""A simulated arena whose truth is known: what members are worth on each kind of prompt, and how pairs were drawn."""

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from arena.policies import embedding
from arena.policies.strengths import probabilities
from data_releases.routers.votes import Votes

#: (kinds of prompts, members) strengths: the strongest overall is the best of one kind alone.
STRENGTHS = np.array([[2.0, -0.6, 0.3, 0.0], [-0.9, 2.1, 0.2, 0.1], [-0.2, -1.5, 1.6, 0.5]])
MEMBERS = STRENGTHS.shape[1]
#: How often each member is drawn, relative to the others.
WEIGHTS = np.array([1.0, 3.0, 2.0, 0.5])
WORDS = ("sum prime integer proof", "poem verse rhyme sonnet", "loop array python function")
PAIRS = list(combinations(range(MEMBERS), 2))


@dataclass(frozen=True)
class Logged:
    """Votes, with the kind of each prompt."""

    votes: Votes
    kind: np.ndarray

    @property
    def strengths(self):
        """(n, members), the truth."""
        return STRENGTHS[self.kind]


def drawn(n, seed, *, without=0.0, voters=None):
    """n votes of random pairs. `without`: the share of pools that lack a random member."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(len(STRENGTHS), size=n)
    pool = np.ones((n, MEMBERS), bool)
    lacking = rng.random(n) < without
    pool[lacking, rng.integers(MEMBERS, size=lacking.sum())] = False
    chances = pair_chances(pool)
    pair = (chances.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)
    sides = np.array(PAIRS)[pair]
    flip = rng.random(n) < 0.5
    left, right = np.where(flip, sides[:, 1], sides[:, 0]), np.where(flip, sides[:, 0], sides[:, 1])
    chance = probabilities(STRENGTHS[kind])[np.arange(n), left, right]
    votes = Votes(
        vectors=vectors_of(kind, rng),
        left=left,
        right=right,
        score=(rng.random(n) < chance).astype(float),
        voter=rng.integers(voters or n, size=n),
        propensity=chances[np.arange(n), pair],
        pool=pool,
        pool_size=pool.sum(axis=1),
    )
    return Logged(votes, kind)


def pair_chances(pool):
    """(n, pairs): the chance of each pair of a pool by the members' weights."""
    raw = np.stack([WEIGHTS[i] * WEIGHTS[j] * pool[:, i] * pool[:, j] for i, j in PAIRS], axis=1)
    return raw / raw.sum(axis=1, keepdims=True)


def vectors_of(kind, rng):
    """(n, dimensions): three words of each kind in any order, of which there are few."""
    order = rng.permuted(np.tile(np.arange(4), (len(kind), 1)), axis=1)[:, :3]
    places, which = np.unique(np.column_stack([kind, order]), axis=0, return_inverse=True)
    words = [own.split() for own in WORDS]
    texts = [" ".join(words[k][place] for place in own) for k, *own in places.tolist()]
    return embedding.embedded(texts)[which]


def every_draw(tickets):
    """One vote per ticket: every kind meets every pair as often as it has tickets, and ends as often as it is likely.

    The mean over them is the expectation, without any chance.
    """
    rows = [
        (kind, pair)
        for kind in range(len(STRENGTHS))
        for pair, n in zip(PAIRS, tickets, strict=True)
        for _ in range(n)
    ]
    kind = np.array([kind for kind, _pair in rows])
    left, right = np.array([pair for _kind, pair in rows]).T
    share = {pair: n / sum(tickets) for pair, n in zip(PAIRS, tickets, strict=True)}
    n = len(rows)
    votes = Votes(
        vectors=np.zeros((n, embedding.DIMENSIONS), np.float32),
        left=left,
        right=right,
        score=probabilities(STRENGTHS[kind])[np.arange(n), left, right],
        voter=np.arange(n),
        propensity=np.array([share[pair] for _kind, pair in rows]),
        pool=np.ones((n, MEMBERS), bool),
        pool_size=np.full(n, MEMBERS),
    )
    return Logged(votes, kind)


def truth_against(logged, picked, single):
    """What the picked members win against one member."""
    rows = np.arange(len(picked))
    return probabilities(logged.strengths)[rows, picked, single].mean()


def truth_at_random(logged, picked):
    """What they win against another of the pool."""
    rows = np.arange(len(picked))
    chances = probabilities(logged.strengths)[rows, picked] * logged.votes.pool
    chances[rows, picked] = 0
    return (chances.sum(axis=1) / (logged.votes.pool.sum(axis=1) - 1)).mean()


def pretending(votes, **changed):
    """The same votes with other propensities, pools or voters."""
    return replace(votes, **changed)
