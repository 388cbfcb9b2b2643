"""A clip is given away after the vote only, to its voter only, and where its licence allows it."""

import pytest

from arena.accounts.services import voter_of_cookie
from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.common.object_store import store
from arena.media.models import Clip
from arena.systems.models import SystemVersion
from tests.api.callers import Browser, browser
from tests.clips import make_music_arena, make_music_battle

BYTES = b"ID3 not really, but bytes are bytes"


@pytest.fixture
def alice(db: None) -> Browser:
    return browser()


@pytest.fixture
def battle(alice: Browser) -> Battle:
    """Alice's battle, voted on; the left system's outputs may be given away."""
    arena: Arena = make_music_arena()
    SystemVersion.objects.filter(system__name="CanaryBand").update(release_outputs=True)
    SystemVersion.objects.filter(system__name="CanaryChip").update(release_outputs=False)
    voter = voter_of_cookie(alice.client.cookies["arena_voter"].value)
    battle = make_music_battle(arena, voter=voter, state="voted")
    for clip in Clip.objects.all():
        store().put(clip.key, BYTES)
    Clip.objects.update(bytes=len(BYTES))
    return battle


def test_its_voter_may_keep_a_clip_that_may_be_given_away(alice: Browser, battle: Battle) -> None:
    response = alice.client.get(f"/battles/{battle.id}/clips/left")

    assert response.status_code == 200
    assert b"".join(response.streaming_content) == BYTES
    assert response["Content-Disposition"] == 'attachment; filename="music-left.mp3"'


def test_a_clip_that_its_licence_keeps_is_not_found(alice: Browser, battle: Battle) -> None:
    assert alice.client.get(f"/battles/{battle.id}/clips/right").status_code == 404


@pytest.mark.parametrize("state", ["ready", "generating", "expired"])
def test_before_the_vote_nothing_is_given_away(alice: Browser, battle: Battle, state: str) -> None:
    Battle.objects.update(state=state)

    assert alice.client.get(f"/battles/{battle.id}/clips/left").status_code == 404


def test_mallory_and_an_unknown_side_find_nothing(battle: Battle, alice: Browser) -> None:
    assert browser().client.get(f"/battles/{battle.id}/clips/left").status_code == 404
    assert alice.client.get(f"/battles/{battle.id}/clips/middle").status_code == 404
