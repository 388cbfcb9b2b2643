"""Votes, boards and studies stay as they were stored, whoever writes: by raw SQL."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now
from pytest_django import DjangoDbBlocker

from arena.arenas.models import Arena
from arena.rankings.models import Rating, Snapshot, Study
from arena.rankings.services import refresh_board, thin_out
from arena.rankings.studies import study
from arena.systems.models import SystemVersion
from arena.votes.models import Vote
from arena.votes.outcome import Outcome
from arena.votes.services import cast_vote
from tests.ballots import make_battle
from tests.kept_rows import kept_rows
from tests.pasts import rewritten
from tests.rankings.voting import three_to_one, vote

Scene = tuple[Arena, list[SystemVersion]]

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def scene(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Scene]:
    with kept_rows(django_db_blocker):
        arena, versions = three_to_one()
        refresh_board(arena.id)
        study(arena)
        yield arena, versions


def run(statement: str, *values: Any) -> int:
    """Number of rows."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE votes_vote SET outcome = 'tie'", "a vote is never changed"),
        ("UPDATE votes_vote SET turn_n = 2", "a vote is never changed"),
        ("""UPDATE votes_vote SET reasons = '{"left": ["clear"]}'""", "a vote is never changed"),
        ("""UPDATE votes_vote SET feedback = '{"left": "I loved it", "right": ""}'""", "is erased, or stays"),
        ("UPDATE votes_vote SET created_at = now() - interval '1 day'", "the time of a vote is never changed"),
        ("DELETE FROM votes_vote", "a vote is never deleted"),
        ("UPDATE rankings_snapshot SET created_at = now()", "a stored snapshot is never changed"),
        ("UPDATE rankings_snapshot SET digest = ''", "a stored snapshot is never changed"),
        ("DELETE FROM rankings_snapshot", "is never deleted"),
        ("UPDATE rankings_rating SET rating = 2000", "a stored rating is never changed"),
        ("DELETE FROM rankings_rating", "never deleted before its snapshot"),
        ("UPDATE rankings_study SET result = '{}'", "a stored study is never changed"),
        ("DELETE FROM rankings_study", "a stored study is never changed"),
    ],
)
def test_what_was_stored_cannot_be_changed_or_deleted(scene: Scene, statement: str, words: str) -> None:
    with pytest.raises(IntegrityError, match=words):
        run(statement)
    assert Vote.objects.count() == 4
    assert Snapshot.objects.exists()
    assert Study.objects.exists()


def test_withdrawn_feedback_is_erased_and_a_simulated_vote_gets_its_time(scene: Scene) -> None:
    arena, versions = scene
    battle = make_battle(arena, *versions, simulated=True)
    cast = cast_vote(battle.id, battle.voter, Outcome.TIE, feedback={"left": "Good", "right": "Bad"}).vote
    assert run("""UPDATE votes_vote SET feedback = '{"left": "", "right": ""}' WHERE id = %s""", cast.pk) == 1
    assert run("UPDATE votes_vote SET created_at = '2026-01-01T00:00Z' WHERE id = %s", cast.pk) == 1


@pytest.mark.parametrize(
    ("variant", "age", "apart", "goes"),
    [
        ("", timedelta(minutes=1), timedelta(0), False),  # somebody may be reading it
        ("", timedelta(hours=5), timedelta(seconds=20), True),
        ("", timedelta(hours=5), timedelta(minutes=5), False),
        ("", timedelta(days=3), timedelta(minutes=20), True),
        ("", timedelta(days=3), timedelta(minutes=40), False),
        ("clustered", timedelta(days=3), timedelta(minutes=40), True),
        ("clustered", timedelta(days=3), timedelta(days=1), False),
    ],
)
def test_a_snapshot_goes_only_where_a_later_one_stands_for_it(
    scene: Scene, variant: str, age: timedelta, apart: timedelta, *, goes: bool
) -> None:
    """The first of two, `apart`, both on one day; thinning out follows the same rule as the database."""
    arena, versions = scene
    then = Snapshot.objects.values_list(Now(), flat=True)[0] - age
    if age > timedelta(hours=1):
        then = then.replace(minute=20, second=0, microsecond=0)
    if variant:
        then = then.replace(hour=12)
    with rewritten():
        Rating.objects.all().delete()
        Snapshot.objects.all().delete()
    facts = {"variant": variant, "last_vote_id": 1, "method": {}, "inputs": {}, "status": "ok", "code_version": ""}
    first, _later = (Snapshot.objects.create(arena=arena, created_at=at, **facts) for at in (then, then + apart))
    Rating.objects.create(snapshot=first, version=versions[0], votes=0, status="unrated")
    with pytest.raises(IntegrityError, match="never deleted before its snapshot"):
        run("DELETE FROM rankings_rating")
    if not goes:
        with pytest.raises(IntegrityError, match="is never deleted"):
            run("DELETE FROM rankings_snapshot WHERE id = %s", first.pk)
    assert thin_out(arena.id, variant=variant) == int(goes)
    assert Rating.objects.exists() != goes


def test_a_board_is_refreshed_and_thinned_out_as_before(scene: Scene) -> None:
    arena, versions = scene
    vote(arena, *versions, Outcome.LEFT)
    assert refresh_board(arena.id) is not None
    assert Snapshot.objects.filter(board="all").count() == 2
