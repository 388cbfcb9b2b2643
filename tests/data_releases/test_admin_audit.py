"""An act on a release and its entry in the audit are one: without the one there is not the other."""

import pytest
from django.db import DatabaseError

from arena.common.storage import FolderStore
from data_releases import publish
from data_releases.models import ReleaseState
from tests.data_releases.publishing import act
from tests.data_releases.world import make_world
from tests.operators.conftest import (
    everything,
    full_audit,
    olga,  # noqa: F401 - a fixture
    operator,  # noqa: F401 - a fixture
)

pytestmark = pytest.mark.django_db(transaction=True)


def test_where_the_audit_cannot_be_written_no_release_moves_and_no_file_is_lost(operator, built, folder, monkeypatch):  # noqa: F811
    files = FolderStore(folder)
    monkeypatch.setattr("data_releases.admin.store", lambda: files)
    draft = built(make_world(12))
    for action, left in (("mark_reviewed", "drafts"), ("publish", "releases"), ("withdraw", "withdrawn")):
        before, place = everything(), publish.place_of(draft)
        with full_audit(), pytest.raises(DatabaseError, match="append-only"):
            act(operator, draft, action, confirmed="1", note="now")
        draft.refresh_from_db()
        assert everything() == before
        assert publish.verified(files, draft, place).problems == []
        act(operator, draft, action, confirmed="1", note="now")
        assert {key.partition("/")[0] for place in publish.Place for key in files.keys(place.value)} == {left}
    assert draft.state == ReleaseState.WITHDRAWN
