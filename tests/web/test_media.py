"""A clip is played to its voter alone, once both sides may be heard, and both sides' answers look alike."""

import hashlib
from dataclasses import replace

import pytest
from django.conf import settings as django_settings

from arena.accounts.services import create_token, voter_of_token
from arena.arenas.models import Modality
from arena.battles.models import Battle, Response, Turn
from arena.battles.states import SIDES
from arena.common.object_store import store
from arena.media.models import Clip
from arena.media.selectors import players_of
from arena.media.tokens import token_for
from tests.ballots import make_arena, make_pairing, make_versions
from tests.web.conftest import Browser, consenting_browser

pytestmark = pytest.mark.django_db
#: Other bytes for each side, of one number.
SOUNDS = {"left": bytes(range(256)) * 40, "right": bytes(reversed(range(256))) * 40}


@pytest.fixture
def alice(settings, tmp_path):
    settings.ENV = replace(django_settings.ENV, var=tmp_path)
    return consenting_browser()


def _battle(voter, state="ready"):
    arena = make_arena("music")
    arena.modality = Modality.MUSIC
    arena.save()
    versions = dict(zip(SIDES, make_versions(arena, ["Ada", "Bert"]), strict=True))
    pairing = make_pairing(arena, *versions.values())
    battle = Battle.objects.create(arena=arena, voter=voter, state=state, pairing=pairing)
    turn = Turn.objects.create(battle=battle, n=1, prompt="A tune.")
    for side, sound in SOUNDS.items():
        response = Response.objects.create(
            turn=turn, side=side, pairing=pairing, version=versions[side], status="complete", attempt=1
        )
        store().put(f"clips/{side}", sound)
        Clip.objects.create(
            response=response,
            key=f"clips/{side}",
            media_type="audio/mpeg",
            duration_s=10,
            peaks=[1, 100],
            bytes=len(sound),
            sha256=hashlib.sha256(sound).hexdigest(),
            native={"format": "FLAC"},
            generated_s=12.5,
            prepared_in_s=1.0,
        )
    return battle


def _get(browser, url, **headers):
    return browser.get(url, headers=headers)


def test_both_clips_are_played_to_their_voter_with_the_same_headers(alice):
    players = players_of(_battle(alice.voter))
    answers = {side: _get(alice, players[side].audio_url) for side in SIDES}
    assert {side: answer.getvalue() for side, answer in answers.items()} == SOUNDS
    headers = [
        {name: value for name, value in one.headers.items() if name != "X-Request-ID"} for one in answers.values()
    ]
    assert headers[0] == headers[1]
    assert headers[0]["Cache-Control"] == "private, no-store"
    assert headers[0]["Content-Type"] == "audio/mpeg"
    assert not {"ETag", "Last-Modified"} & set(headers[0])


def test_a_range_is_served_and_one_outside_is_refused(alice):
    url = players_of(_battle(alice.voter))["left"].audio_url
    part = _get(alice, url, Range="bytes=100-199")
    assert (part.status_code, part.getvalue()) == (206, SOUNDS["left"][100:200])
    assert part["Content-Range"] == f"bytes 100-199/{len(SOUNDS['left'])}"
    assert _get(alice, url, Range="bytes=999999-").status_code == 416
    assert alice.head(url)["Content-Length"] == str(len(SOUNDS["left"]))


@pytest.mark.parametrize("state", ["queued", "generating", "failed", "expired"])
def test_nothing_is_played_before_both_sides_may_be_heard(alice, state):
    battle = _battle(alice.voter, state)
    assert players_of(battle) == {}
    clip = Clip.objects.first()
    assert _get(alice, f"/media/{token_for(clip.pk, alice.voter.pk)}").status_code == 404


def test_nobody_else_hears_it_whatever_address_they_have(alice):
    url = players_of(_battle(alice.voter))["left"].audio_url
    mallory, newcomer = consenting_browser(), Browser()
    assert [_get(one, url).status_code for one in (mallory, newcomer)] == [404, 404]
    # Not even with an address of their own for the same clip.
    clip = Clip.objects.first()
    assert _get(mallory, f"/media/{token_for(clip.pk, mallory.voter.pk)}").status_code == 404
    assert _get(alice, "/media/nothing").status_code == 404


def test_a_program_hears_the_clips_of_its_voter(alice):
    token, secret = create_token("study")
    url = players_of(_battle(voter_of_token(token, "kim")))["right"].audio_url
    bearer = {"Authorization": f"Bearer {secret}"}
    assert _get(Browser(), url, **bearer, **{"X-Voter": "kim"}).getvalue() == SOUNDS["right"]
    assert _get(Browser(), url, **bearer, **{"X-Voter": "lee"}).status_code == 404
    assert _get(Browser(), url, **bearer).status_code == 404
    assert _get(Browser(), url, Authorization="Bearer x").status_code == 404


def test_a_clip_that_the_store_has_lost_is_not_found(alice):
    url = players_of(_battle(alice.voter))["left"].audio_url
    store().delete("clips/left")
    assert _get(alice, url).status_code == 404


def test_the_api_tells_how_to_play_both_sides_and_nothing_of_the_original(alice):
    battle = _battle(alice.voter)
    turn = alice.get(f"/api/v1/battles/{battle.id}").json()["turns"][0]
    for side in SIDES:
        assert set(turn[side]) == {"text", "audio_url", "duration_s", "peaks"}
        assert turn[side]["duration_s"] == 10
    assert "FLAC" not in str(turn)
    assert "12.5" not in str(turn)
