"""Many vote and fold at a time, in real transactions."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.rankings.folding import fold_votes
from arena.rankings.models import FoldWatermark
from arena.rankings.pair_counts import PairCount
from arena.systems.models import SystemVersion
from arena.votes.outcome import Outcome
from arena.votes.services import cast_vote, last_settled_vote
from tests.ballots import make_arena, make_battle, make_battles, make_versions, tallied
from tests.rankings.voting import assert_recounted

Scene = tuple[Arena, list[SystemVersion]]


@pytest.mark.django_db(transaction=True)
def test_voters_and_folders_in_parallel_lose_and_double_nothing() -> None:
    arena = make_arena(demo=True)
    versions = make_versions(arena, ["Ada", "Bell", "Cray", "Dijk"])
    rng = random.Random(7)
    pairs = [rng.sample(versions, 2) for _battle in range(60)]
    battles = make_battles(arena, [(left, right) for left, right in pairs])
    voting = threading.Event()

    def cast(battle: Battle) -> None:
        try:
            cast_vote(battle.id, battle.voter, random.Random(str(battle.id)).choice(list(Outcome)))
        finally:
            connection.close()

    def keep_folding() -> int:
        number = 0
        try:
            while not voting.is_set():
                number += fold_votes(arena.id)
        finally:
            connection.close()
        return number

    with ThreadPoolExecutor(12) as pool:
        folders = [pool.submit(keep_folding) for _folder in range(4)]
        voters = [pool.submit(cast, battle) for battle in battles]
        for voter in voters:
            voter.result(timeout=60)
        voting.set()
        folded = sum(folder.result(timeout=60) for folder in folders)

    assert folded + fold_votes(arena.id) == 60
    assert sum(count.total for count in tallied(arena).values()) == 60
    assert FoldWatermark.objects.get().counted == 60
    assert_recounted(arena)


@pytest.mark.django_db(transaction=True)
def test_a_lower_id_that_commits_late_is_not_skipped() -> None:
    """The vote that drew its id first commits last; the fold in between must wait for it."""
    arena = make_arena()
    ada, bell = make_versions(arena, ["Ada", "Bell"])
    slow, fast = make_battle(arena, ada, bell), make_battle(arena, ada, bell)
    drawn, may_commit, folded = threading.Event(), threading.Event(), threading.Event()

    def cast_slowly() -> None:
        try:
            with transaction.atomic():
                cast_vote(slow.id, slow.voter, Outcome.LEFT)
                drawn.set()
                assert may_commit.wait(30)
        finally:
            connection.close()

    def fold() -> int:
        try:
            return fold_votes(arena.id)
        finally:
            folded.set()
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        voter = pool.submit(cast_slowly)
        assert drawn.wait(30)
        cast_vote(fast.id, fast.voter, Outcome.RIGHT)
        folder = pool.submit(fold)
        assert not folded.wait(0.3)
        may_commit.set()
        voter.result(timeout=30)
        assert folder.result(timeout=30) == 2
    assert tallied(arena) == {(ada.id, bell.id): PairCount(1, 1)}


@pytest.mark.django_db(transaction=True)
def test_votes_in_one_arena_do_not_wait_for_another() -> None:
    arena, other = make_arena(), make_arena("other")
    battle = make_battle(other, *make_versions(other, ["Xan", "Yara"]))

    def horizon() -> int:
        try:
            return last_settled_vote(arena.id)
        finally:
            connection.close()

    with transaction.atomic(), ThreadPoolExecutor(1) as pool:
        cast_vote(battle.id, battle.voter, Outcome.LEFT)
        assert pool.submit(horizon).result(timeout=10) == 0
