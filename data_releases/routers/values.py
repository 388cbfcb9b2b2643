"""What a routing policy is worth, from votes on pairs that another policy drew. Pure.

A policy m(x) picks a member for every prompt. Votes were cast on logged pairs: the pair {i, j} was drawn for the
prompt with the known probability p. Two figures are estimated, both as a share of wins with ties as half:

- *against the best single system* s: E[P(m(x) is preferred to s)], 0.5 where m(x) = s. Evidence are the votes on the
  pair {m(x), s}, each weighing 1 / p.
- *against another system drawn at random* from the pool of k: E[mean over o of P(m(x) is preferred to o)]. Evidence
  are all votes on m(x), each weighing 1 / (p (k - 1)).

Each is given by inverse propensity (unbiased, wide), self-normalised (weights divided by their sum; little bias, less
wide) and doubly robust: a model's prediction for every prompt, corrected by the weighted errors on what was voted on;
right on average if the propensities *or* the model are. Weights above `CLIP` times those of a uniform draw are clipped
there, which makes large ones smaller and the estimate a little biased towards what is well covered; how many is told.

Source: Dudík, Langford and Li 2011, arXiv:1103.4601; Swaminathan and Joachims 2015 (self-normalised), NeurIPS 28.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from arena.policies.routers import Numbers
from arena.policies.strengths import Array
from data_releases.routers.bootstrap import Estimate, all_estimated, estimated, mean
from data_releases.routers.votes import Flags, Votes

#: Weights larger than so many times the uniform draw's are clipped.
CLIP: Final = 10.0
#: Below this effective number of votes, or above this clipped share of the weight, a figure is not to be relied on.
MIN_EFFECTIVE: Final = 200.0
MAX_CLIPPED: Final = 0.2


@dataclass(frozen=True, slots=True)
class Terms:
    """One figure's parts by vote, (n,) each.

    known: what needs no vote (0.5 for a system against itself); open: where it does; weight: of the votes that tell
    something, else 0; outcome: the share that the picked member won; model: its prediction for the figure; model_pair:
    that for the pair that was voted on; clipped: whether the weight was.
    """

    known: Array
    open: Flags
    weight: Array
    outcome: Array
    model: Array
    model_pair: Array
    clipped: Flags

    @property
    def doubly_robust(self) -> Array:
        """(n,) whose mean is the estimate."""
        corrected = self.model + self.weight * (self.outcome - self.model_pair)
        return np.where(self.open, corrected, self.known)

    @property
    def inverse_propensity(self) -> Array:
        """(n,) whose mean is the estimate."""
        return np.where(self.open, self.weight * self.outcome, self.known)


@dataclass(frozen=True, slots=True)
class Value:
    """A figure in three ways. votes: of the part; matched: that tell something; effective: (Σ w)² / Σ w² of them.

    asked: prompts whose figure is not known without votes (a system against itself wins half).

    self_normalised: NaN where no vote tells anything. clipped: share of the weight of clipped votes.
    """

    inverse_propensity: Estimate
    self_normalised: Estimate
    doubly_robust: Estimate
    model: float
    votes: int
    asked: int
    matched: int
    effective: float
    clipped: float

    @property
    def doubts(self) -> list[str]:
        """Why the figure is not to be relied on; empty where it is."""
        found: list[str] = []
        if not self.asked:
            return found
        if self.effective < MIN_EFFECTIVE:
            found.append(f"the votes count as {self.effective:.0f} at full weight, fewer than {MIN_EFFECTIVE:.0f}")
        if self.clipped > MAX_CLIPPED:
            found.append(f"{self.clipped:.0%} of the weight is clipped")
        return found


def picks(scores: Array, pool: Flags) -> Numbers:
    """(n,) the best member of each pool by scores (n, members); every pool has a member."""
    return np.asarray(np.where(pool, scores, -np.inf).argmax(axis=1))


def terms_against(picked: Numbers, single: int, votes: Votes, strengths: Array) -> Terms:
    """The picked members against a single one, which every pool has.

    Args:
        picked: (n,) a member of each pool.
        single: the member to beat.
        votes: n votes.
        strengths: (n, members) of the model.
    """
    rows = np.arange(len(votes))
    is_open = picked != single
    met = is_open & _is_pair(votes, picked, np.full(len(votes), single))
    weight, clipped = _weights(votes, np.ones(len(votes)))
    model = 1.0 / (1.0 + np.exp(strengths[:, single] - strengths[rows, picked]))
    return Terms(
        np.full(len(votes), 0.5), is_open, weight * met, _score_of(picked, votes), model, model, clipped & met
    )


def terms_at_random(picked: Numbers, votes: Votes, strengths: Array) -> Terms:
    """The picked members against another member of the pool, drawn at random; arguments as of `terms_against`."""
    rows = np.arange(len(votes))
    others = votes.pool.sum(axis=1) - 1
    # Where the pool has no other member there is nothing to beat.
    is_open = others > 0
    met = is_open & votes.between_members & ((votes.left == picked) | (votes.right == picked))
    weight, clipped = _weights(votes, np.maximum(others, 1))
    chances = 1.0 / (1.0 + np.exp(strengths - strengths[rows, picked][:, np.newaxis]))
    rest = votes.pool.copy()
    rest[rows, picked] = False
    model = (chances * rest).sum(axis=1) / np.maximum(others, 1)
    other = np.where(votes.left == picked, votes.right, votes.left)
    return Terms(
        known=np.full(len(votes), 0.5),
        open=is_open,
        weight=weight * met,
        outcome=_score_of(picked, votes),
        model=model,
        model_pair=chances[rows, other],
        clipped=clipped & met,
    )


def _is_pair(votes: Votes, one: Numbers, other: Numbers) -> Flags:
    straight = (votes.left == one) & (votes.right == other)
    return np.asarray(straight | ((votes.left == other) & (votes.right == one)))


def _score_of(picked: Numbers, votes: Votes) -> Array:
    return np.asarray(np.where(votes.left == picked, votes.score, 1.0 - votes.score))


def _weights(votes: Votes, others: Any) -> tuple[Array, Flags]:
    """(n,) one over the propensity and the number of opponents, clipped, and which were."""
    raw = 1.0 / votes.propensity
    bound = CLIP * votes.pool_size * (votes.pool_size - 1) / 2
    return np.minimum(raw, bound) / others, raw > bound


def value_of(terms: Terms, votes: Votes, seed: int) -> Value:
    """A figure by its terms, with intervals by voter."""
    ones, weight = np.ones(len(votes)), terms.weight
    normalised = np.stack([terms.known * ~terms.open, terms.open, weight * terms.outcome, weight, ones], axis=1)
    total, squares = weight.sum(), (weight**2).sum()
    inverse_propensity, self_normalised, doubly_robust = all_estimated(
        [
            (np.stack([terms.inverse_propensity, ones], axis=1), mean),
            (normalised, _normalised),
            (np.stack([terms.doubly_robust, ones], axis=1), mean),
        ],
        votes.voter,
        seed,
    )
    return Value(
        inverse_propensity=inverse_propensity,
        self_normalised=self_normalised,
        doubly_robust=doubly_robust,
        model=float(np.where(terms.open, terms.model, terms.known).mean()),
        votes=len(votes),
        asked=int(terms.open.sum()),
        matched=int((weight > 0).sum()),
        effective=float(total**2 / squares) if squares else 0.0,
        clipped=float((weight * terms.clipped).sum() / total) if total else 0.0,
    )


def _normalised(sums: Any) -> Any:
    """Of sums (known, open, weighted outcomes, weights, votes): the open share takes the weighted mean."""
    known, is_open, outcomes, weights, votes = (sums[..., n] for n in range(5))
    # Where nothing is open, nothing is missing.
    of_open = np.where(is_open > 0, is_open * outcomes / weights, 0.0)
    return (known + of_open) / votes


def difference(one: Terms, other: Terms, votes: Votes, seed: int) -> Estimate:
    """How much more one policy is worth than another on the same votes, doubly robust; one draw of voters for both."""
    gained = one.doubly_robust - other.doubly_robust
    return estimated(np.stack([gained, np.ones(len(votes))], axis=1), votes.voter, mean, seed)


def chances_at_random(strengths: Array, pool: Flags) -> Array:
    """(n, members) the model's probability of each member of being preferred to another of its pool."""
    summed = np.zeros(strengths.shape)
    for other in range(strengths.shape[1]):
        beats = 1.0 / (1.0 + np.exp(strengths[:, [other]] - strengths))
        beats[:, other] = 0.0
        summed += beats * pool[:, [other]]
    return np.asarray(summed / np.maximum(pool.sum(axis=1, keepdims=True) - 1, 1))
