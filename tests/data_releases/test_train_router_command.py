"""`manage.py train_router` finds a release of the site, a folder or an address, and says what is wrong."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from arena.policies.files import load
from data_releases.models import Release
from tests.data_releases.tampering import SAMPLE
from tests.data_releases.world import make_world

pytestmark = pytest.mark.django_db


def train(release, *words):
    out = StringIO()
    # The one that needs no scikit-learn, which takes half a second to import.
    call_command("train_router", "--release", str(release), "--policy", "knn", *words, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_a_folder_gives_a_router_and_its_figures(tmp_path):
    figures = json.loads(train(SAMPLE, "--out", str(tmp_path), "--json"))
    assert load(tmp_path / "router.json").about["figures"] == figures


def test_a_release_of_the_site_is_found_by_its_name_and_says_what_it_lacks(folder):
    make_world(30, demo=True)
    for words in (("build", "--arena", "text", "--window", "2026-10", "--no-embargo"), ("publish",)):
        call_command("release", *words, stdout=StringIO())
    assert Release.objects.get().state == "published"
    for name in ("2026-10", "text/2026-10"):
        with pytest.raises(CommandError, match=r"NoSplit|TooFewVotes"):
            train(name)


@pytest.mark.parametrize("name", ["2026-09", "music/2026-10", "no-such-folder"])
def test_what_is_no_release_is_told(folder, name):
    with pytest.raises(CommandError, match="no published release"):
        train(name)


def test_a_folder_without_a_release_and_an_address_without_a_server_are_told(tmp_path):
    with pytest.raises(CommandError, match=r"Unreadable: manifest\.json"):
        train(tmp_path)
    with pytest.raises(CommandError, match="Unreadable"):
        train("http://127.0.0.1:9/releases/text/2026-10")
