"""What nobody will hear does not stay in the object store."""

from datetime import date

import pytest

from arena.battles import endings, generation, services
from arena.battles.models import Turn
from arena.common.object_store import store
from arena.media import orphans
from arena.media.models import RawClip
from arena.media.raw import keep_raw
from arena.systems.backends.base import AudioClip
from tests.ballots import make_voter
from tests.media.conftest import PROMPT

pytestmark = pytest.mark.django_db(transaction=True)


def _kept(arena):
    battle = services.start_battle(arena, make_voter(), PROMPT)
    work = generation.claim_turn(Turn.objects.get(battle=battle).id)
    keep_raw(work.sides["left"].response_id, AudioClip(b"music", "audio/wav"), 1.0)
    return work


def test_objects_without_a_row_go_and_those_with_one_stay(arena):
    _kept(arena)
    kept = RawClip.objects.get().key
    day = date.fromisoformat(kept.split("/")[1])
    for key in (f"clips/{day}/lost", f"clips-raw/{day}/lost", "clips/2020-01-01/of-another-day"):
        store().put(key, b"x")
    assert orphans.forget_unknown(day) == 2
    assert store().keys("clips-raw") == [kept]
    assert store().keys("clips") == ["clips/2020-01-01/of-another-day"]


def test_what_came_for_a_turn_that_failed_goes(arena):
    work = _kept(arena)
    orphans.forget_ended()
    assert RawClip.objects.count() == 1
    endings.fail_turn(work)
    orphans.forget_ended()
    assert RawClip.objects.count() == 0
    assert store().keys("clips-raw") == []
