"""Suggested prompts have battles ready: the oldest fresh one is the first asker's from then on."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models.functions import Now

from arena.battles import generation, moves, pool, prefetch, services
from arena.battles.endings import finish_turn
from arena.battles.models import Battle, Prefetched, Turn
from arena.battles.states import SIDES, BattleState
from arena.battles.work import Output
from arena.router.models import Pairing
from arena.systems.models import System, SystemVersion
from tests.ballots import make_arena, make_voter
from tests.contenders import replay_system

pytestmark = pytest.mark.django_db(transaction=True)
PROMPT, OTHER = "A calm tune.", "A fast tune."


@pytest.fixture
def arena(tmp_path, valkey, settings):
    settings.ARENA_PREFETCH = {"text": 2}
    arena = make_arena()
    arena.suggestions = [PROMPT, OTHER]
    arena.save()
    for name in ("alpha", "beta", "gamma"):
        replay_system(arena, name, {PROMPT: "la", OTHER: "lala"}, tmp_path)
    return arena


def _ready(arena):
    made = prefetch.begin_one(arena)
    work = generation.claim_turn(Turn.objects.get(battle=made.battle_id).id)
    finish_turn(work, {side: Output("la", "", "stop", 0.1, 1.0, 1, 1) for side in SIDES})
    return made.battle


def _start(arena, voter, prompt=PROMPT, **options):
    return services.start_battle(arena, voter, prompt, **options)


def test_a_suggested_prompt_is_answered_at_once_by_a_battle_that_becomes_the_visitors(arena):
    battle, alice = _ready(arena), make_voter()
    taken = _start(arena, alice, publication=True, idempotency_key="k")
    assert (taken.id, taken.state) == (battle.id, "ready")
    assert (taken.voter, taken.publication, taken.idempotency_key) == (alice, True, "k")
    assert services.owned_battle(battle.id, alice).id == battle.id
    assert taken.created_at > battle.created_at
    assert Pairing.objects.get(id=taken.pairing_id).pair_propensity > 0
    # The same request again gives the same battle, not a second one.
    assert _start(arena, alice, publication=True, idempotency_key="k").id == battle.id


def test_each_battle_of_the_pool_is_given_away_once_and_the_oldest_first(arena):
    prompts = [_ready(arena), _ready(arena), _ready(arena)]
    of_prompt = [battle for battle in prompts if Turn.objects.get(battle=battle).prompt == PROMPT]
    assert [_start(arena, make_voter()).id for _ in of_prompt] == [battle.id for battle in of_prompt]
    assert _start(arena, make_voter()).state == "queued"


def test_whoever_is_refused_takes_nothing(arena):
    _ready(arena)

    def closed():
        raise RuntimeError("too many open")

    with pytest.raises(RuntimeError):
        _start(arena, make_voter(), gate=closed)
    assert Prefetched.objects.filter(taken_at=None).count() == 1


@pytest.mark.parametrize("options", [{"prompt": "A calm tune"}, {"requirement": {"language": "fr"}}])
def test_another_prompt_or_another_wish_is_answered_anew(arena, options):
    _ready(arena)
    assert _start(arena, make_voter(), **options).state == "queued"


def _age():
    Prefetched.objects.update(created_at=Now() - timedelta(days=1))


def _pause():
    System.objects.filter(id=SystemVersion.objects.get(id=Pairing.objects.get().left_id).system_id).update(
        is_paused=True
    )


def _retire():
    SystemVersion.objects.filter(id=Pairing.objects.get().right_id).update(retired_at=Now())


@pytest.mark.parametrize("change", [_age, _pause, _retire])
def test_what_is_not_fresh_is_given_to_nobody_and_ends(arena, change):
    battle = _ready(arena)
    change()
    assert _start(arena, make_voter()).id != battle.id
    assert prefetch.discard(arena) == 1
    battle.refresh_from_db()
    assert (battle.state, battle.reason) == ("expired", "not_taken")


def test_a_prompt_that_is_no_longer_suggested_is_let_go(arena):
    battle = _ready(arena)
    arena.suggestions = [OTHER]
    arena.save()
    assert prefetch.discard(arena) == 1
    battle.refresh_from_db()
    assert battle.state == "expired"


def test_the_pool_is_filled_one_by_one_evenly_and_no_further(arena):
    prompts = [Turn.objects.get(battle=_ready(arena)).prompt for _ in range(4)]
    assert sorted(prompts) == [PROMPT, PROMPT, OTHER, OTHER] or sorted(prompts) == [OTHER, OTHER, PROMPT, PROMPT]
    assert prompts[0] != prompts[1]
    assert prefetch.begin_one(arena) is None


def test_visitors_come_first(arena):
    _start(arena, make_voter(), "Something else.")
    assert prefetch.begin_one(arena) is None


def test_nobody_can_open_a_battle_of_the_pool(arena):
    battle = _ready(arena)
    from arena.accounts.selectors import voter_of_cookie
    from arena.accounts.services import nobody

    assert battle.voter == nobody()
    assert voter_of_cookie("\0" * 32) is None
    assert voter_of_cookie("A" * 43) is None


def test_a_battle_taken_by_two_at_once_goes_to_one(arena):
    _ready(arena)
    wish = Battle(arena=arena, voter=make_voter(), requirement={})
    with transaction.atomic():
        assert pool.take(wish, PROMPT) is not None
        assert pool.take(wish, PROMPT) is None


def test_a_battle_that_ends_while_it_is_taken_is_given_to_nobody(arena, monkeypatch):
    battle = _ready(arena)
    assert moves.set_state(battle.id, BattleState.EXPIRED, prefetch.NOT_TAKEN)
    # As whoever looked a moment earlier saw it.
    monkeypatch.setattr(pool, "fresh", pool.untaken)
    taken = _start(arena, make_voter())
    assert (taken.id != battle.id, taken.state) == (True, "queued")
