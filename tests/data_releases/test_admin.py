"""Operators look at a draft, review it, publish it and take it down; each step asks first and is audited."""

import pytest

from arena.common.models import AuditEntry
from arena.common.storage import FolderStore
from data_releases.models import Release, ReleasePolicy, ReleaseState
from tests.data_releases.publishing import LIST, act
from tests.operators.conftest import (
    code_of,
    device_of,
    forget_proof,
    looking,  # noqa: F401 - a fixture
    olga,  # noqa: F401 - a fixture
    operator,  # noqa: F401 - a fixture
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _store(folder, monkeypatch):
    for module in ("admin", "preview"):
        monkeypatch.setattr(f"data_releases.{module}.store", lambda: FolderStore(folder))


def test_the_preview_shows_figures_reports_and_samples(operator, draft):  # noqa: F811
    page = operator.get(f"{LIST}{draft.pk}/change/").content.decode()
    for words in ("<td>cast</td><td>20</td><td>–</td>", "min_voters", "structured_recall", "why is the sky blue?"):
        assert words in page
    assert "Publish…" in page
    assert operator.get(LIST).status_code == 200


def test_a_draft_is_reviewed_published_and_withdrawn_each_after_a_question(operator, draft):  # noqa: F811
    assert "Nothing becomes public yet." in act(operator, draft, "mark_reviewed")
    assert draft.state == ReleaseState.DRAFT
    act(operator, draft, "mark_reviewed", confirmed="1", note="figures and samples")
    assert draft.state == ReleaseState.REVIEWED
    assert "the salt is destroyed" in act(operator, draft, "publish")
    act(operator, draft, "publish", confirmed="1", note="month is over", proof=code_of(device_of(draft_owner())))
    assert (draft.state, draft.salt) == (ReleaseState.PUBLISHED, None)
    act(operator, draft, "withdraw", confirmed="1", note="asked to", proof=code_of(device_of(draft_owner())))
    assert draft.state == ReleaseState.WITHDRAWN
    told = list(AuditEntry.objects.filter(target_type="data_releases.release").order_by("pk"))
    assert [(entry.action, entry.note) for entry in told] == [
        ("release.mark_reviewed", "figures and samples"),
        ("release.publish", "month is over"),
        ("release.withdraw", "asked to"),
    ]


def draft_owner():
    from django.contrib.auth.models import User

    return User.objects.get(username="olga")


def test_publishing_and_withdrawing_want_proof_of_who_asks(operator, draft):  # noqa: F811
    act(operator, draft, "mark_reviewed", confirmed="1", note="seen")
    for action, before in (("publish", ReleaseState.REVIEWED), ("withdraw", ReleaseState.PUBLISHED)):
        forget_proof(operator)
        act(operator, draft, action, confirmed="1", note="now", proof="000000")
        assert draft.state == before
        act(operator, draft, action, confirmed="1", note="now", proof=code_of(device_of(draft_owner())))
    assert draft.state == ReleaseState.WITHDRAWN


def test_what_cannot_be_published_says_why_and_changes_nothing(operator, draft):  # noqa: F811
    page = act(operator, draft, "publish", confirmed="1", note="now", proof=code_of(device_of(draft_owner())))
    assert "review it first" in page
    assert draft.state == ReleaseState.DRAFT
    assert not AuditEntry.objects.filter(action="release.publish").exists()


def test_whoever_may_only_look_cannot_act(looking, draft):  # noqa: F811
    client = looking("view_release")
    assert client.get(f"{LIST}{draft.pk}/change/").status_code == 200
    act(client, draft, "mark_reviewed", confirmed="1", note="x")
    assert draft.state == ReleaseState.DRAFT
    assert client.post(f"{LIST}{draft.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_policy_is_changed_with_an_audit(operator, draft):  # noqa: F811
    policy = ReleasePolicy.objects.get()
    form = {"builds": "on", "embargo_days": "60", "min_voters": "50", "withdrawal_days": "365", "licence": "CC BY 4.0"}
    operator.post(f"/admin/data_releases/releasepolicy/{policy.pk}/change/", form)
    policy.refresh_from_db()
    assert (policy.embargo_days, policy.min_voters, policy.publishes_texts) == (60, 50, False)
    assert AuditEntry.objects.get(action="releasepolicy.change").changes["embargo_days"] == [30, 60]
    assert Release.objects.count() == 1
