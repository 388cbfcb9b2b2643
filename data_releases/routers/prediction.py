"""How well a router foretells votes. Pure.

Accuracy is over decisive votes: the side with the larger strength won; equal strengths count as half right. The log
loss is over all votes, a tie or both-bad as half a vote for either side: - s ln p - (1 - s) ln (1 - p). A coin has the
log loss ln 2 = 0.693.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from arena.policies.routers import Router
from arena.policies.strengths import Array
from data_releases.routers.bootstrap import Estimate, all_estimated, mean
from data_releases.routers.votes import Votes

TIE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Prediction:
    """votes: between members; decisive: those of them that are no ties; accuracy: None where none is decisive."""

    votes: int
    decisive: int
    accuracy: Estimate | None
    log_loss: Estimate | None


def margins(strengths: Array, votes: Votes) -> Array:
    """(n,) by how much the left side is stronger; of votes between members."""
    rows = np.arange(len(votes))
    return np.asarray(strengths[rows, votes.left] - strengths[rows, votes.right])


def losses(margin: Array, score: Array) -> Array:
    """(n,) the log loss of each vote."""
    return np.asarray(np.logaddexp(0.0, -margin) * score + np.logaddexp(0.0, margin) * (1.0 - score))


def log_losses(router: Router, votes: Votes) -> Array:
    """(n,) of votes between members."""
    return losses(margins(router.strengths(votes.vectors), votes), votes.score)


def predicted(strengths: Array, votes: Votes, seed: int) -> Prediction:
    """How well strengths foretell votes.

    Args:
        strengths: (n, members) of the votes' prompts.
        votes: n votes; those with an unknown side are left out.
        seed: of the intervals.
    """
    strengths, votes = strengths[votes.between_members], votes.where(votes.between_members)
    if not len(votes):
        return Prediction(0, 0, None, None)
    margin, decisive = margins(strengths, votes), votes.score != TIE
    right = np.where(margin == 0, 0.5, (margin > 0) == (votes.score > TIE))
    counted = np.stack([right * decisive, decisive], axis=1).astype(np.float64)
    lost = np.stack([losses(margin, votes.score), np.ones(len(votes))], axis=1)
    accuracy, log_loss = all_estimated([(counted, mean), (lost, mean)], votes.voter, seed)
    return Prediction(
        votes=len(votes),
        decisive=int(decisive.sum()),
        accuracy=accuracy if decisive.any() else None,
        log_loss=log_loss,
    )
