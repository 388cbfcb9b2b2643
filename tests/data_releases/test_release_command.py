"""`manage.py release`: from a month's battles to a public release and an export, by the commands of the contract."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from arena.arenas.models import Arena
from arena.rankings.moments import moment_of
from data_releases import publish
from data_releases.models import Release
from data_releases.verify_command import main as arena_verify
from tests.ballots import make_arena
from tests.data_releases.conftest import folder_of, rows
from tests.data_releases.tampering import ROOT
from tests.data_releases.world import OCTOBER, make_world

pytestmark = pytest.mark.django_db


def run(*words):
    out = StringIO()
    call_command("release", *words, stdout=out)
    return out.getvalue()


def test_a_demo_is_built_published_verified_and_exported(folder, tmp_path):
    make_world(30, demo=True)
    built = json.loads(run("build", "--arena", "text", "--window", "2026-10", "--no-embargo"))
    assert (built["state"], built["counts"]["cast"], built["files"]) == ("draft", 30, "drafts/text/2026-10")
    published = json.loads(run("publish"))
    assert (published["state"], published["files"]) == ("published", "releases/text/2026-10")
    assert arena_verify([str(folder_of(folder, Release.objects.get()))]) == 0
    written = run("export", "--format", "trl-unpaired", "--out", str(tmp_path / "out"))
    assert str(tmp_path / "out" / "train.jsonl") in written
    assert json.loads(run("list", "--arena", "text"))["release"] == "2026-10"


def test_a_simulated_month_of_music_is_released_without_clips_and_says_so(published, files, folder):
    call_command("register_systems", ROOT / "ops" / "demo_music.yaml", apply=True)
    first, last = OCTOBER.start.isoformat(), OCTOBER.end.isoformat()
    call_command("simulate_votes", arena="music", battles=6, seed=2, start=moment_of(first), end=moment_of(last))
    release = published(Arena.objects.get())
    assert release.manifest["simulated"]
    assert (release.manifest["counts"]["cast"], release.manifest["counts"]["counted"]) == (6, 6)
    assert release.manifest["audio"] == {"clips": 0, "bytes": 0, "missing": 0}
    # Nothing was heard, so nothing is told of it.
    assert rows(folder, release, "listening") == []
    assert {row["status"] for row in rows(folder, release, "responses")} == {"complete"}
    assert publish.verified(files, release).problems == []


def test_the_embargo_is_explained(folder):
    make_arena()
    with pytest.raises(CommandError, match="EmbargoRunning: 2026-11 may be released from 2026-12-31 on"):
        run("build", "--arena", "text", "--window", "2026-11")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("build", "--arena", "nowhere", "--window", "2026-10"), "no arena"),
        (("build", "--arena", "text", "--window", "october"), "no month"),
        (("publish",), "no release fits"),
        (("publish", "--arena", "text", "--window", "2026-09"), "no release fits"),
        (("export", "--format", "p2l", "--out", "x"), "no release fits"),
    ],
)
def test_a_wrong_wish_is_refused_in_a_sentence(folder, words, message):
    make_arena()
    with pytest.raises(CommandError, match=message):
        run(*words)


def test_an_export_of_nothing_says_what_is_missing(folder, tmp_path):
    make_world(2, publication=False)
    run("build", "--arena", "text", "--window", "2026-10")
    run("publish")
    with pytest.raises(CommandError, match="no counted vote has a prompt"):
        run("export", "--format", "p2l", "--out", str(tmp_path))
