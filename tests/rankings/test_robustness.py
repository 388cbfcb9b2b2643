"""How fragile the first place is: every claim is checked by doing it."""

from itertools import combinations_with_replacement

import numpy as np
import pytest

from arena.rankings.bradley_terry import RankingError, fit
from arena.rankings.method import Method
from arena.rankings.robustness import Removal, fragility
from arena.rankings.tallies import OUTCOMES, Counts, Votes, count
from tests.rankings.worlds import World, clustered_votes, even


def without(counts: Counts, removal: Removal) -> Counts:
    cells = counts.cells.copy()
    for removed in removal.votes:
        cells[OUTCOMES.index(removed.outcome), removed.left, removed.right] -= removed.number
    assert (cells >= 0).all()
    return Counts(cells)


@pytest.mark.parametrize("ties", ["half", "davidson", "rao-kupper"])
@pytest.mark.parametrize("seed", range(4))
def test_removing_the_votes_that_are_named_changes_the_first_place(seed: int, ties: str) -> None:
    world = World(even(8, 3_000), np.linspace(0.5, -0.6, 8))
    counts = world.counts(np.random.default_rng(seed))
    found = fragility(counts, Method(ties=ties))  # type: ignore[arg-type]
    assert found.first == fit(counts, ties).strengths.argmax()  # type: ignore[arg-type]
    assert found.votes is not None
    assert found.votes.number == sum(removed.number for removed in found.votes.votes)
    assert fit(without(counts, found.votes), ties).strengths.argmax() == found.votes.becomes  # type: ignore[arg-type]
    assert found.votes.becomes != found.first


def test_no_smaller_set_exists_on_a_board_that_can_be_searched() -> None:
    counts = Counts.of(np.array([[0, 9.0, 6], [7, 0, 8], [5, 6, 0]]))
    found = fragility(counts)
    assert found.votes is not None
    kinds = [tuple(cell) for cell in np.argwhere(counts.cells)]
    for size in range(1, found.votes.number):
        for chosen in combinations_with_replacement(kinds, size):
            cells = counts.cells.copy()
            for cell in chosen:
                cells[cell] -= 1
            if (cells >= 0).all():
                assert fit(Counts(cells)).strengths.argmax() == found.first


def test_removing_the_voters_that_are_named_changes_the_first_place() -> None:
    votes = next(clustered_votes(World(even(5, 10), np.linspace(0.3, -0.3, 5)), 120, 0.8, np.random.default_rng(2)))
    found = fragility(count(votes, 5), votes=votes)
    assert found.voters is not None
    assert found.voters.number == len(found.voters.voters) <= 60
    rest = votes.where(~np.isin(votes.voter, found.voters.voters))  # type: ignore[arg-type]
    assert fit(count(rest, 5)).strengths.argmax() == found.voters.becomes != found.first
    fewer = votes.where(~np.isin(votes.voter, found.voters.voters[:-1]))  # type: ignore[arg-type]
    assert fit(count(fewer, 5)).strengths.argmax() == found.first


def test_the_loudest_voter_is_the_one_without_whom_most_moves() -> None:
    votes = next(clustered_votes(World(even(4, 10), np.zeros(4)), 40, 0.5, np.random.default_rng(4)))
    counts = count(votes, 4)
    found = fragility(counts, votes=votes)
    base = fit(counts).ratings
    moves = {}
    for voter in range(40):
        rest = count(votes.where(votes.voter != voter), 4)  # type: ignore[arg-type]
        moves[voter] = np.abs(fit(rest).ratings - base).max()
    loudest = found.loudest[0]
    assert loudest.moved_points == pytest.approx(moves[loudest.voter])
    assert loudest.moved_points >= 0.8 * max(moves.values())
    assert loudest.votes == (votes.voter == loudest.voter).sum()


def test_a_first_place_that_half_of_all_votes_could_not_change_says_so() -> None:
    decisive = np.array([[0, 400.0, 400], [1, 0, 5], [1, 5, 0]])
    found = fragility(Counts.of(decisive))
    assert found.votes is None
    assert found.lead_points > 800


@pytest.mark.parametrize("n", [0, 1])
def test_without_a_second_there_is_nothing_to_lose(n: int) -> None:
    with pytest.raises(RankingError):
        fragility(Counts.empty(n))


def test_a_voter_without_whom_nothing_is_determined_moves_no_number_of_points() -> None:
    # The third voter alone ever preferred the second contender.
    outcomes = np.array([0, 0, 0, 0, 1], dtype=np.uint8)
    columns = Votes(np.zeros(5, dtype=int), np.ones(5, dtype=int), outcomes, voter=np.array([1, 1, 2, 2, 3]))
    found = fragility(count(columns, 2), votes=columns)
    assert {one.voter: (one.moved_points, one.first) for one in found.loudest}[3] == (None, None)
    assert all(one.moved_points is not None for one in found.loudest if one.voter != 3)


def test_votes_without_voters_leave_voters_out() -> None:
    columns = Votes(np.array([0, 1, 0, 0, 1]), np.array([1, 0, 1, 1, 0]), np.zeros(5, dtype=np.uint8))
    found = fragility(count(columns, 2), votes=columns)
    assert (found.voters, found.loudest) == (None, ())
    assert found.votes is not None
    assert found.votes.number == 2
