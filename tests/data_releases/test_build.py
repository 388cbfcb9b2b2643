"""A draft: the month's rows, anonymous, the same bytes for the same rows."""

import io
import json
import random
import re
from contextlib import closing
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.db import IntegrityError, connection

from arena.battles.models import Battle, Response
from arena.systems.models import SystemVersion
from arena.votes.models import Vote
from data_releases import extract, publish, services
from data_releases.assemble import assemble
from data_releases.certified import tally_table
from data_releases.models import Release, ReleasePolicy
from data_releases.projection import Rules, project
from data_releases.site import signing_key
from tests.ballots import make_arena, make_versions
from tests.data_releases.conftest import folder_of, rows
from tests.data_releases.world import FIRST, OCTOBER, add_battle

pytestmark = pytest.mark.django_db


def test_rows_in_any_order_give_the_same_bytes(folder, draft):
    release, arena = draft, draft.arena
    window = extract.Window(FIRST.replace(day=1, hour=0), FIRST.replace(month=11, day=1, hour=0))
    raw = extract.read(arena, window)
    rules = Rules("text", is_demo=False, publish_texts=True)
    facts = services._facts(release, services.policy_of(arena), {}, 0)
    sums = set()
    for seed in range(3):
        rng = random.Random(seed)
        shuffled = {
            name: rows.take(pa.array(rng.sample(range(len(rows)), len(rows)), pa.int64()))
            for name, rows in raw.items()
        }
        projected = project(shuffled, bytes(release.salt), rules)
        made = assemble(projected, tally_table({}), facts, signing_key())
        sums.add(made.files["SHA256SUMS"] + made.files["manifest.json"])
    assert sums == {
        b"".join((folder_of(folder, release) / name).read_bytes() for name in ("SHA256SUMS", "manifest.json"))
    }


def test_building_again_gives_the_same_bytes_and_one_row(draft, built):
    # Every row is written anew, so that PostgreSQL returns them in another order.
    for model in (Battle, Vote, Response):
        for pk in random.Random(1).sample(list(model.objects.values_list("pk", flat=True)), 15):
            model.objects.filter(pk=pk).update(id=pk)
    assert built(draft.arena).manifest_sha256 == draft.manifest_sha256
    assert Release.objects.count() == 1


def test_two_releases_of_one_month_cannot_be(draft):
    with pytest.raises(IntegrityError):
        Release.objects.create(
            arena=draft.arena, name="other", window_start=draft.window_start, window_end=draft.window_end,
            embargo_days=30,
        )  # fmt: skip


def test_no_id_and_no_time_of_the_database_is_in_it(folder, draft):
    inside = [str(pk) for pk in Battle.objects.values_list("pk", flat=True)]
    for path in folder_of(folder, draft).iterdir():
        content = path.read_bytes()
        if path.suffix == ".parquet":
            content = json.dumps(pq.read_table(io.BytesIO(content)).to_pylist()).encode()
        assert not [pk for pk in inside if pk.encode() in content or pk.replace("-", "").encode() in content]
        assert not re.search(rb"\d{4}-\d\d-\d\d[T ]\d\d:|T\d\d:\d\d", content), path.name


def test_an_arena_of_texts_has_a_table_of_what_was_heard_without_rows(folder, draft):
    assert rows(folder, draft, "listening") == []
    assert draft.manifest["counts"]["rows"]["listening"] == 0


def test_durations_are_rounded_and_weeks_are_all_there_is_of_a_time(folder, draft):
    row = rows(folder, draft, "responses")[0]
    assert (row["ttft_s"], row["latency_s"]) == (0.1, 2.0)


def test_texts_stay_inside_until_the_operator_says_otherwise(folder):
    arena = make_arena("other")
    add_battle(arena, *make_versions(arena, ("Ada", "Bert")))
    release = services.build_release(arena, OCTOBER)
    assert release.manifest["counts"]["texts"] == {"texts_off": 1}
    assert rows(folder, release, "conversations") == []


def test_a_system_named_after_an_address_stops_the_build(draft, built):
    system = SystemVersion.objects.earliest("id").system
    type(system).objects.filter(pk=system.pk).update(name="anna@example.org")
    with pytest.raises(services.BuildRefused):
        built(draft.arena)


def test_the_embargo_is_kept_and_only_a_demo_may_do_without(folder, draft):
    arena = draft.arena
    november = services.window_of("2026-11")
    with pytest.raises(services.EmbargoRunning, match="from 2026-12-31 on"):
        services.build_release(arena, november)
    with pytest.raises(services.NotADemo):
        services.build_release(arena, november, embargo=False)
    demo = make_arena("demo", demo=True)
    assert services.build_release(demo, november, embargo=False).manifest["embargo_days"] == 0


def test_an_empty_month_is_a_release_without_votes(folder, built):
    release = built(make_arena("other"))
    board = json.loads((folder_of(folder, release) / "leaderboard.json").read_text())
    assert (board["status"], board["ratings"]) == ("empty", [])
    assert publish.verified(services.store(), release).problems == []


def test_months_are_due_after_their_embargo_and_once(draft):
    other = make_arena("other")
    add_battle(other, *make_versions(other, ("Ada", "Bert")))
    assert [month.name for month in services.due_months(other, date(2026, 12, 1))] == ["2026-10"]
    assert services.due_months(other, date(2026, 11, 30)) == []
    # October is built.
    arena = draft.arena
    assert services.due_months(arena, date(2026, 12, 1)) == []
    assert [month.name for month in services.due_months(arena, date(2026, 12, 31))] == ["2026-11"]


def test_no_second_build_of_an_arena_at_the_same_time(draft, built):
    arena = draft.arena
    other = connection.copy()
    with closing(other), other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [services.ADVISORY_LOCK, arena.pk])
        try:
            with pytest.raises(services.AlreadyBuilding):
                built(arena)
        finally:
            # The connection goes back to a pool as it is.
            cursor.execute("SELECT pg_advisory_unlock_all()")
    built(arena)


def test_a_reviewed_release_is_not_built_again(draft, built):
    with pytest.raises(services.WrongState):
        services.mark_reviewed(draft.pk, "another manifest")
    services.mark_reviewed(draft.pk, draft.manifest_sha256)
    with pytest.raises(services.AlreadyReviewed):
        built(draft.arena)


@pytest.mark.parametrize("text", ["2026-13", "2026", "october", "2026-1"])
def test_a_window_is_a_month(text):
    with pytest.raises(ValueError, match="no month"):
        services.window_of(text)
    assert services.window_of("2026-12").end.isoformat() == "2027-01-01"


def test_rare_requirements_are_merged(folder, draft, built):
    arena = draft.arena
    Battle.objects.update(requirement={"language": "fr"})
    release = built(arena)
    assert {row["requirement"] for row in rows(folder, release, "battles")} == {"other"}
    ReleasePolicy.objects.update(min_voters=2)
    Battle.objects.update(requirement={"language": "fr"}, created_at=FIRST + timedelta(hours=1))
    assert {row["requirement"] for row in rows(folder, built(arena), "battles")} == {'{"language":"fr"}'}
