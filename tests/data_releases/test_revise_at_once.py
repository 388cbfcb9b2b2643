"""A message that a release must be revised, delivered more than once."""

import pytest

from arena.battles.models import Battle
from arena.votes.withdrawals import withdraw_battle
from data_releases.models import Release, ReleaseState
from tests.data_releases.world import make_world
from tests.deliveries import DELIVERIES
from workers import releases

pytestmark = pytest.mark.django_db(transaction=True)


@DELIVERIES
def test_a_message_that_comes_twice_or_at_once_makes_one_revision(published, files, monkeypatch, deliver):
    monkeypatch.setattr("workers.releases.store", lambda: files)
    release = published(make_world(6))
    withdraw_battle(Battle.objects.earliest("created_at").id, vote=False)
    deliver(releases.revise_releases, release.arena_id)
    names = Release.objects.order_by("revision").values_list("name", "state")
    assert list(names) == [("2026-10", ReleaseState.SUPERSEDED), ("2026-10.r2", ReleaseState.PUBLISHED)]
