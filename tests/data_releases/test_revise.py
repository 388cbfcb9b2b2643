"""What was withdrawn leaves public releases by a revision, row by row, and says so."""

import contextlib
import shutil
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import call_command

from arena.battles.models import Battle
from arena.common.storage import FolderStore, StoreAway
from arena.systems.models import SystemVersion
from arena.votes.withdrawals import withdraw_battle
from data_releases import publish, revisions, schedule, services
from data_releases.chain import check_chain
from data_releases.models import Release, ReleasedBattle, ReleaseState
from data_releases.publish import PublishRefused
from data_releases.released_rows import forget_old
from data_releases.services import window_of
from data_releases.verify_command import main
from tests.data_releases.conftest import folder_of, own_copy, rows
from tests.data_releases.publishing import Broken, november, publish_october, reviewed, withdrawn
from tests.data_releases.world import add_battle, make_world
from tests.kept_rows import kept_rows

pytestmark = pytest.mark.django_db


def kept(root, release, tmp_path):
    """A reader's copy."""
    return shutil.copytree(folder_of(root, release), tmp_path / release.name)


@pytest.fixture(scope="module")
def once(tmp_path_factory, django_db_setup, django_db_blocker):
    """October, published with its texts once for all that read it, and where it lies."""
    root = tmp_path_factory.mktemp("once") / "store"
    with kept_rows(django_db_blocker):
        arena = make_world(20)
        ada, bert = SystemVersion.objects.order_by("id")[:2]
        add_battle(arena, ada, bert, prompt="A secret question", feedback={"left": "secretly good", "right": ""},
                   answers={"left": "A secret", "right": "Another secret"})  # fmt: skip
        yield publish_october(arena, FolderStore(root)), root


@pytest.fixture
def october(once, folder, db):
    """It in this test's own store."""
    return own_copy(once, folder)


def secret():
    return Battle.objects.latest("pairing_id")


def test_the_map_leads_from_each_battle_to_its_row(october, folder):
    released = {row["battle_id"] for row in rows(folder, october, "battles")}
    assert set(ReleasedBattle.objects.values_list("row", flat=True)) == released
    assert len(released) == 21


def test_texts_go_the_vote_stays_and_the_difference_is_explained(october, folder, files, tmp_path, capsys):
    old = kept(folder, october, tmp_path)
    withdraw_battle(secret().id, vote=False)
    (second,) = revisions.revise_all(files, october.arena)
    october.refresh_from_db()
    assert (second.name, second.state, october.state) == ("2026-10.r2", "published", "superseded")
    assert second.manifest["supersedes"]["release"] == "2026-10"
    assert len(rows(folder, second, "votes")) == 21
    assert [row["text_status"] for row in rows(folder, second, "battles")].count("withdrawn") == 1
    everything = "".join(str(rows(folder, second, name)) for name in ("conversations", "feedback"))
    assert "secret" not in everything
    prompts = {row["prompt_id"] for row in rows(folder, second, "conversations")}
    assert {row["prompt_id"] for row in rows(folder, second, "embeddings")} == prompts
    # The files of the first one are gone; who has a copy learns what changed.
    assert not list(files.keys("releases/text/2026-10"))
    new = folder_of(folder, second)
    assert main([str(new)]) == 0
    assert main(["--diff", str(old), str(new)]) == 0
    out = capsys.readouterr().out
    assert "conversations.parquet: removed" in out
    assert "battles.parquet: changed" in out
    assert "NOT EXPLAINED" not in out


def test_a_withdrawn_vote_is_gone_from_every_table_and_from_the_leaderboard(october, folder, files):
    battle = secret()
    row = ReleasedBattle.objects.get(battle=battle).row
    withdraw_battle(battle.id, vote=True)
    (second,) = revisions.revise_all(files, october.arena)
    for name in ("battles", "votes", "responses", "conversations"):
        assert row not in {one["battle_id"] for one in rows(folder, second, name)}
    assert second.leaderboard["votes"]["counted"] == october.leaderboard["votes"]["counted"] - 1
    assert second.manifest["removed"] == {"withdrawn": 6}
    assert not ReleasedBattle.objects.filter(battle=battle).exists()


def test_a_text_may_go_first_and_its_vote_later(october, folder, files):
    battle = secret()
    withdraw_battle(battle.id, vote=False)
    revisions.revise_all(files, october.arena)
    withdraw_battle(battle.id, vote=True)
    (third,) = revisions.revise_all(files, october.arena)
    assert third.name == "2026-10.r3"
    assert [one["release"] for one in third.manifest["earlier_revisions"]] == ["2026-10", "2026-10.r2"]
    assert publish.verified(files, third).problems == []
    assert Release.objects.filter(state=ReleaseState.PUBLISHED).count() == 1


def test_without_a_wish_there_is_no_revision(october, files):
    assert revisions.revise_all(files, october.arena) == []
    withdraw_battle(secret().id, vote=True)
    assert len(revisions.revise_all(files, october.arena)) == 1
    assert revisions.revise_all(files, october.arena) == []


def test_killed_at_any_step_a_second_try_ends_well(october, folder):
    withdraw_battle(secret().id, vote=True)
    ended = False
    for survive in range(0, 60, 4):
        with contextlib.suppress(StoreAway):
            revisions.revise_all(Broken(folder, survive), october.arena)
            ended = True
        public = Release.objects.get(state=ReleaseState.PUBLISHED)
        assert publish.verified(Broken(folder, 10**9), public).problems == []
        if ended:
            break
    assert survive > 30
    assert public.name == "2026-10.r2"
    assert not Broken(folder, 10**9).keys("releases/text/2026-10")
    assert not Broken(folder, 10**9).keys("drafts")


def test_a_later_release_follows_the_revision_and_lacks_the_withdrawn_vote(october, files, monkeypatch):
    withdraw_battle(secret().id, vote=True)
    (revision,) = revisions.revise_all(files, october.arena)
    second = publish.publish(files, reviewed(november(october.arena, monkeypatch)))
    newer, older = publish.verified(files, second), publish.verified(files, revision)
    check_chain(newer, older)
    assert newer.problems == []
    assert second.leaderboard["votes"] == {"prior": 20, "counted": 4, "excluded": {}}


def test_a_vote_withdrawn_after_the_next_release_leaves_the_one_after_it(october, files, monkeypatch):
    second = publish.publish(files, reviewed(november(october.arena, monkeypatch)))
    withdraw_battle(secret_of(october).id, vote=True)
    (revision,) = revisions.revise_all(files, october.arena)
    # The release in between was made from the first revision: its tallies have the vote, and the check knows why.
    newer, older = publish.verified(files, second), publish.verified(files, revision)
    check_chain(newer, older)
    assert newer.problems == []
    monkeypatch.setattr(services, "today", lambda: date(2027, 2, 1))
    ada, bert = SystemVersion.objects.order_by("id")[:2]
    add_battle(october.arena, ada, bert, at=datetime(2026, 12, 5, tzinfo=UTC))
    third = publish.publish(files, reviewed(services.build_release(october.arena, window_of("2026-12"))))
    assert third.leaderboard["votes"]["prior"] == 24
    assert len(third.manifest["withdrawn_tallies"]) == 1
    newest = publish.verified(files, third)
    check_chain(newest, publish.verified(files, second))
    assert newest.problems == []


def secret_of(release):
    return Battle.objects.filter(created_at__lt=publish.moments_of(release)[1]).latest("pairing_id")


def test_a_release_that_is_refused_keeps_no_later_one_waiting(october, folder, files, monkeypatch):
    second = publish.publish(files, reviewed(november(october.arena, monkeypatch)))
    for release in (october, second):
        withdraw_battle(secret_of(release).id, vote=True)
    (folder_of(folder, october) / "votes.parquet").unlink()
    with pytest.raises(PublishRefused, match="text 2026-10 does not verify"):
        revisions.revise_all(files, october.arena)
    public = Release.objects.filter(state=ReleaseState.PUBLISHED).order_by("window_start")
    assert [release.name for release in public] == ["2026-10", "2026-11.r2"]


def test_a_wish_is_not_forgotten_before_it_is_done(october, files):
    withdraw_battle(secret().id, vote=False)
    assert forget_old(october.arena, timedelta(0)) == 20
    (second,) = revisions.revise_all(files, october.arena)
    assert second.name == "2026-10.r2"
    assert forget_old(october.arena, timedelta(0)) == 1


def test_a_wish_about_a_release_that_is_not_public_any_more_is_forgotten_like_all(october, files):
    withdraw_battle(secret().id, vote=True)
    withdrawn(files, october)
    assert forget_old(october.arena, timedelta(0)) == 21


def test_the_map_is_forgotten_after_its_time(october):
    assert forget_old(october.arena, timedelta(days=1)) == 0
    assert forget_old(october.arena, timedelta(0)) == 21


def test_the_job_is_one_of_the_workers_and_the_command_does_the_same(october, files, capsys):
    from workers.jobs import JOBS

    assert JOBS[schedule.REVISE.name] == (schedule.REVISE, schedule.revise_due)
    withdraw_battle(secret().id, vote=True)
    call_command("release", "revise", "--arena", "text")
    assert '"2026-10.r2"' in capsys.readouterr().out
