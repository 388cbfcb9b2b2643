"""Known and random comparisons."""

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

#: American League 1987: wins of Milwaukee, Detroit, Toronto, New York, Boston, Cleveland, Baltimore (row beat column),
#: and the strengths of the first six against Baltimore with their standard errors, as published.
BASEBALL_1987 = (
    np.array(
        [
            [0, 7, 9, 7, 7, 9, 11],
            [6, 0, 7, 5, 11, 9, 9],
            [4, 6, 0, 7, 7, 8, 12],
            [6, 8, 6, 0, 6, 7, 10],
            [6, 2, 6, 7, 0, 7, 12],
            [4, 4, 5, 6, 6, 0, 6],
            [2, 4, 1, 3, 1, 7, 0],
        ],
        dtype=float,
    ),
    [1.5814, 1.4364, 1.2945, 1.2476, 1.1077, 0.6839],
    [0.3433, 0.3396, 0.3367, 0.3359, 0.3339, 0.3319],
)


def random_wins(n: int, votes: int, spread: float, *, seed: int) -> Matrix:
    """Decisive votes between random pairs, and one tie along a ring so that a maximum exists."""
    rng = np.random.default_rng(seed)
    strengths = rng.normal(0, spread, n)
    left = rng.integers(0, n, votes)
    right = (left + rng.integers(1, n, votes)) % n
    left_wins = rng.random(votes) < 1 / (1 + np.exp(strengths[right] - strengths[left]))
    wins = np.zeros((n, n))
    np.add.at(wins, (np.where(left_wins, left, right), np.where(left_wins, right, left)), 1.0)
    for i in range(n):
        wins[i, (i + 1) % n] += 0.5
        wins[(i + 1) % n, i] += 0.5
    return wins
