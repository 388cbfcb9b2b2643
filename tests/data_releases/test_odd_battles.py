"""What a release says of battles that are unlike the others: one has them all."""

from datetime import UTC, datetime

import pytest

from arena.battles.models import Turn
from arena.common.storage import FolderStore
from arena.systems.models import SystemVersion
from tests.ballots import make_voter
from tests.data_releases import conftest
from tests.data_releases.publishing import build_october
from tests.data_releases.world import add_battle, make_world
from tests.kept_rows import kept_rows

pytestmark = pytest.mark.django_db

ORDINARY = 20
#: Those of October, by what is odd about them: how `add_battle` makes one.
ODD = {
    "the last second": {"at": datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC)},
    "no consent": {"publication": False, "prompt": "Nobody may publish this"},
    "personal data": {
        "prompt": "Who is Anna?",
        "answers": {"left": "Write to anna@example.org", "right": "Fine"},
    },
    "too long": {"prompt": "long " * 1000},
    "erased": {"prompt": "", "answers": {"left": "About what was erased", "right": "The same"}},
    "feedback": {"feedback": {"left": "Too long", "right": "call me: +33 6 12 34 56 78"}},
    "silent feedback": {"feedback": {"left": "Secretly good", "right": ""}, "publication": False},
    "identity revealed": {"response": {"identity_matches": ["I am Ada"]}},
    "words of others": {"response": {"finish_reason": "tenant-42", "error_class": "from 203.0.113.9"}},
}
#: And a simulated one, one with a system that is not shown, and one with another version.
VOTES = ORDINARY + len(ODD) + 3


@pytest.fixture(scope="module")
def once(tmp_path_factory, django_db_setup, django_db_blocker):
    """The draft of October, and where it lies."""
    root = tmp_path_factory.mktemp("odd") / "store"
    with kept_rows(django_db_blocker):
        arena = make_world(ORDINARY)
        ada, bert, cleo = SystemVersion.objects.order_by("id")
        for outside in (datetime(2026, 9, 30, 23, 59, 59, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)):
            add_battle(arena, ada, bert, at=outside, prompt="Of another month")
        for told in ODD.values():
            add_battle(arena, ada, bert, **told)
        add_battle(arena, ada, bert, voter=make_voter(simulated=True))
        SystemVersion.objects.filter(pk=cleo.pk).update(release_outputs=False)
        add_battle(arena, ada, cleo, prompt="Half of it", answers={"left": "Shown", "right": "Not shown"})
        add_battle(arena, like(ada), bert)
        SystemVersion.objects.update(organisation="Call +33 6 12 34 56 78", licence="MIT")
        yield build_october(arena, FolderStore(root)), root


def like(old):
    """The next version of a system, which behaves as the one before, now retired."""
    SystemVersion.objects.filter(pk=old.pk).update(retired_at=old.created_at)
    return SystemVersion.objects.create(
        system=old.system, number=2, access="open", backend="replay", behaviour=old.behaviour, release_outputs=True
    )


@pytest.fixture
def release(once, db):
    return once[0]


@pytest.fixture
def rows(once, db):
    """The rows of a table by its name."""
    release, root = once
    return lambda name: conftest.rows(root, release, name)


def test_a_release_holds_the_finished_battles_of_its_month_and_no_others(release, rows):
    assert release.manifest["counts"]["cast"] == VOTES
    assert {row["week"] for row in rows("votes")} == {"2026-W40", "2026-W44"}


def test_texts_go_out_only_with_consent_terms_and_clean(release, rows):
    texts = rows("conversations")
    ordinary = set(Turn.objects.filter(prompt__startswith="Question").values_list("prompt", flat=True))
    assert {row["prompt"] for row in texts} == ordinary | {"Why?", "Half of it"}
    (half,) = [row for row in texts if row["prompt"] == "Half of it"]
    assert (half["left"], half["right"]) == ("Shown", None)
    assert release.manifest["withheld_texts"] == {"erased": 1, "no_consent": 2, "personal_data": 1, "too_long": 1}
    assert release.manifest["pii"]["found_in_texts"] == {"email": 1, "phone": 1}
    # The row of a vote is there whatever becomes of its texts.
    assert len(rows("votes")) == VOTES


def test_feedback_needs_consent_and_a_clean_text(rows):
    assert [(row["side"], row["text"]) for row in rows("feedback")] == [("left", "Too long")]


def test_every_vote_is_there_and_says_why_it_does_not_count(release, rows):
    votes = rows("votes")
    assert len(votes) == VOTES
    assert sorted(row["exclusion"] for row in votes if not row["counted"]) == ["identity_revealed", "simulated"]
    assert release.manifest["counts"]["excluded"] == {"identity_revealed": 1, "simulated": 1}
    assert release.manifest["simulated"] is True


def test_a_word_that_is_not_ours_does_not_pass(rows):
    assert {row["finish_reason"] for row in rows("responses")} == {"stop", "withheld"}
    assert {row["error_class"] for row in rows("responses")} == {"", "withheld"}
    assert {(row["organisation"], row["licence"]) for row in rows("systems")} == {("withheld", "MIT")}


def test_versions_that_behave_alike_share_a_contender(rows):
    contenders = {row["system_id"]: row["contender"] for row in rows("systems")}
    assert contenders["Ada v2"] == "Ada v1"
