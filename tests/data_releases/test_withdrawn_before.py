"""What was withdrawn before a release is public is not in it, and what it never held needs no revision."""

import pyarrow.parquet as pq
import pytest

from arena.battles.models import Battle
from arena.votes.withdrawals import withdraw_battle
from data_releases import publish, revisions
from data_releases.models import ReleasedBattle
from data_releases.publish import PublishRefused
from tests.data_releases.conftest import folder_of
from tests.data_releases.publishing import reviewed

pytestmark = pytest.mark.django_db


def test_what_the_release_never_held_needs_no_revision(draft, built, files):
    Battle.objects.update(publication=False)
    october = publish.publish(files, reviewed(built(draft.arena)))
    withdraw_battle(Battle.objects.first().id, vote=False)
    assert revisions.revise_all(files, october.arena) == []
    assert ReleasedBattle.objects.filter(text_removed=True).count() == 1


def test_withdrawn_battles_never_appear_in_a_release(draft, built, folder):
    first, second = Battle.objects.order_by("created_at")[:2]
    withdraw_battle(first.id, vote=True)
    withdraw_battle(second.id, vote=False)
    draft = built(draft.arena)
    assert len(pq.read_table(folder_of(folder, draft) / "votes.parquet")) == 19
    assert draft.manifest["withdrawn_battles"] == 1
    assert draft.manifest["withheld_texts"] == {"erased": 1}


def test_a_draft_with_withdrawn_battles_is_not_published_and_thrown_away(draft, built, files):
    draft = reviewed(draft)
    withdraw_battle(Battle.objects.first().id, vote=False)
    with pytest.raises(PublishRefused, match="withdrawn since"):
        publish.publish(files, draft)
    assert revisions.discard_outdated(files, draft.arena) == 1
    draft.refresh_from_db()
    assert (draft.state, draft.manifest) == ("draft", None)
    assert not files.keys("drafts")
    again = built(draft.arena)
    assert publish.publish(files, reviewed(again)).state == "published"
