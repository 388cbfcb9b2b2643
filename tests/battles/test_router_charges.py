"""A routed answer is the member's work: it is called, charged and blamed, and both names give it away."""

from decimal import Decimal
from pathlib import Path

import pytest

from arena.arenas.models import Arena
from arena.battles import generation
from arena.battles.endings import finish_turn
from arena.battles.models import Response, Turn
from arena.battles.services import start_battle
from arena.battles.states import SIDES
from arena.battles.work import Output, TurnWork
from arena.router.models import Route, SamplingPolicy
from arena.systems.backends.base import ServerFailed
from arena.systems.models import Health, Reservation, System, SystemVersion, Usage
from tests.ballots import make_arena, make_voter
from tests.contenders import replay_system
from tests.support.routers import POEM, router

pytestmark = pytest.mark.django_db


@pytest.fixture
def arena() -> Arena:
    made = make_arena()
    SamplingPolicy.objects.create(arena=made, number=1, options={})
    return made


@pytest.fixture
def knn(arena: Arena, tmp_path: Path) -> SystemVersion:
    for name in ("ada", "bea", "cleo"):
        replay_system(arena, name, {POEM: "rain"}, tmp_path)
    made = router(arena, tmp_path)
    System.objects.filter(pk=made.system_id).update(weight=1000)
    return made


def routed(arena: Arena, knn: SystemVersion) -> tuple[TurnWork, str]:
    """A claimed turn of a real battle in which the router stands, and its side."""
    while True:
        battle = start_battle(arena, make_voter(), POEM)
        work = generation.claim_turn(Turn.objects.get(battle=battle).pk)
        for side in SIDES:
            if work.sides[side].version == knn:
                return work, side


def said(text: str = "Rain falls.") -> Output:
    return Output(text, "", "stop", 0.1, 0.5, 1000, 2000)


def usage(version: SystemVersion) -> tuple[int, Decimal]:
    row = Usage.objects.get(version=version)
    return row.calls, row.cost_usd


def test_the_member_is_called_and_charged_and_the_routers_calls_are_counted(arena, knn) -> None:
    work, side = routed(arena, knn)
    member = Route.objects.get(side=side, pairing__in=Response.objects.values("pairing")).member
    assert (work.sides[side].member, work.sides[side].caller) == (member, member)
    finish_turn(work, {one: said() for one in SIDES})
    response = Response.objects.get(turn_id=work.turn_id, side=side)
    # 1,000 tokens at one dollar and 2,000 at two dollars a million.
    assert (response.version, response.cost_usd) == (knn, Decimal("0.005"))
    assert usage(member) == (1, Decimal("0.005"))
    assert usage(knn) == (1, Decimal(0))
    assert Health.objects.filter(version=member).exists()
    assert not Health.objects.filter(version=knn).exists()


def test_what_a_routed_answer_may_cost_is_reserved_from_the_members_budget(arena, knn, settings) -> None:
    settings.ARENA_DAILY_BUDGET_USD = Decimal(5)
    work, side = routed(arena, knn)
    reserved = set(Reservation.objects.values_list("version_id", flat=True))
    assert work.sides[side].caller.pk in reserved
    assert knn.pk not in reserved


def test_a_failing_member_is_blamed_and_neither_it_nor_the_router_is_drawn_again(arena, knn) -> None:
    work, side = routed(arena, knn)
    member = work.sides[side].caller
    again = generation.redraw(work, {side: ServerFailed("no")})
    assert again is not None
    assert {knn, member}.isdisjoint({one.version for one in again.sides.values()})
    assert Health.objects.get(version=member).last_error_class == "ServerFailed"
    assert not Health.objects.filter(version=knn).exists()
    assert Response.objects.get(turn_id=work.turn_id, version=knn).error_class == "ServerFailed"


@pytest.mark.parametrize("name", ["ada", "kNN"])
def test_an_answer_that_names_the_member_or_the_router_is_left_out_of_the_ratings(arena, knn, name) -> None:
    work, side = routed(arena, knn)
    finish_turn(work, {one: said(f"I am {name}, and rain falls.") for one in SIDES})
    assert Response.objects.get(turn_id=work.turn_id, side=side).identity_matches


def test_a_turn_that_another_worker_takes_over_keeps_its_member(arena, knn) -> None:
    work, side = routed(arena, knn)
    Turn.objects.filter(pk=work.turn_id).update(lease_until=None)
    again = generation.claim_turn(work.turn_id)
    assert again.sides[side].caller == work.sides[side].caller
    assert generation.local_job(again.sides[side].response_id).caller == work.sides[side].caller
