"""A failing side is redrawn or tried again, through the whole stack; meanwhile nobody can vote on the other one."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pytest

from tests.battles.turns import ANSWER
from tests.stack import Stack, Visitor

pytestmark = pytest.mark.stack
#: Arena → how its likeliest system behaves: before any text, once in mid-text, always in mid-text.
FAILING = {"redrawn": "status:500", "retried": "breaks:1", "hopeless": "cut"}
#: The sides are drawn: one side alone in so many rounds of battles is no chance.
AT_ONCE, MOST_ROUNDS = 4, 8
TERMINAL = {"ready", "failed"}


@pytest.fixture(scope="module")
def stack(processes, fake) -> Stack:
    def file_of(arena: str) -> dict[str, Any]:
        behaviours = {"failing": FAILING[arena], "steady": "openai", "even": "vllm"}
        entry = {"organisation": "Fake", "backend": "openai_http", "base_url": fake.base_url}
        return {
            "arena": arena,
            "systems": [
                {**entry, "name": name, "model": model, "weight": 1000 if name == "failing" else 1}
                for name, model in behaviours.items()
            ],
        }

    processes.register(*map(file_of, FAILING))
    return processes


@dataclass
class Battle:
    """What came of a battle whose voter did not wait. `early`: answers to votes after a side had failed."""

    id: str
    state: str = ""
    early: list[tuple[int, str]] = field(default_factory=list)
    failed_side: str = ""


Battles: TypeAlias = list[tuple[Visitor, Battle]]


def _impatient(stack: Stack, arena: str, number: int) -> tuple[Visitor, Battle]:
    """Vote all the time until the battle takes a vote or has failed."""
    alice = Visitor(stack.url).consent()
    battle = Battle(alice.start(f"Tell me something, {arena} {number}.", arena)["id"])
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        failed = stack.query(
            "SELECT r.side FROM battles_response r JOIN battles_turn t ON t.id = r.turn_id "
            "WHERE t.battle_id = %s AND r.status = 'failed' LIMIT 1",
            [battle.id],
        )
        battle.state = alice.battle(battle.id)["state"]
        if battle.state in TERMINAL:
            break
        answer = alice.vote(battle.id)
        if answer.status_code == 201:
            # It became ready between the two requests.
            battle.state = "ready"
            break
        if failed:
            battle.failed_side = failed[0][0]
            battle.early.append((answer.status_code, answer.json()["type"]))
        time.sleep(0.1)
    return alice, battle


def _until_both_sides_failed(stack: Stack, arena: str) -> Battles:
    battles: Battles = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for begun in range(0, AT_ONCE * MOST_ROUNDS, AT_ONCE):
            new = pool.map(lambda number: _impatient(stack, arena, number), range(begun, begun + AT_ONCE))
            battles += [(alice, battle) for alice, battle in new if battle.failed_side]
            if {battle.failed_side for _alice, battle in battles} == {"left", "right"}:
                return battles
    raise AssertionError("the failing system was never on one of the sides")


@pytest.fixture(scope="module")
def ended(stack: Stack) -> dict[str, Future[Battles]]:
    """By arena, battles in which the failing system was on either side; all at once, as most of it is waiting."""
    with ThreadPoolExecutor(len(FAILING)) as pool:
        return {arena: pool.submit(_until_both_sides_failed, stack, arena) for arena in FAILING}


def _rows(stack: Stack, battle: Battle) -> list[tuple[str, str, str, int]]:
    """(side, system, status, pairing) of every attempt, in order."""
    return stack.query(
        "SELECT r.side, s.name, r.status, r.pairing_id FROM battles_response r "
        "JOIN battles_turn t ON t.id = r.turn_id JOIN systems_systemversion v ON v.id = r.version_id "
        "JOIN systems_system s ON s.id = v.system_id WHERE t.battle_id = %s ORDER BY r.id",
        [battle.id],
    )


def _votes(stack: Stack, battle: Battle) -> int:
    return stack.query("SELECT count(*) FROM votes_vote WHERE battle_id = %s", [battle.id])[0][0]


def _check_one_vote_on_two_answers(stack: Stack, alice: Visitor, battle: Battle) -> dict[str, Any]:
    assert battle.state == "ready"
    assert set(battle.early) == {(409, "not-ready")}
    answer = alice.vote(battle.id)
    assert answer.status_code in {200, 201}
    assert _votes(stack, battle) == 1
    turn = answer.json()["turns"][0]
    assert [turn[side]["text"] for side in ("left", "right")] == [ANSWER, ANSWER]
    return answer.json()


def test_a_side_that_fails_before_any_text_is_redrawn_and_nobody_votes_meanwhile(stack, ended):
    for alice, battle in ended["redrawn"].result():
        revealed = _check_one_vote_on_two_answers(stack, alice, battle)
        rows = _rows(stack, battle)
        assert (battle.failed_side, "failing", "failed") in {row[:3] for row in rows}
        first, last = rows[0][3], rows[-1][3]
        assert stack.query("SELECT redraw_of_id FROM router_pairing WHERE id = %s", [last]) == [(first,)]
        assert {side["name"] for side in revealed["systems"].values()} == {"steady", "even"}


def test_a_side_that_fails_in_mid_text_is_tried_again_and_nobody_votes_meanwhile(stack, ended):
    for alice, battle in ended["retried"].result():
        revealed = _check_one_vote_on_two_answers(stack, alice, battle)
        rows = _rows(stack, battle)
        assert [row[2] for row in rows if row[1] == "failing"] == ["failed", "complete"]
        assert len({row[3] for row in rows}) == 1
        assert revealed["systems"][battle.failed_side]["name"] == "failing"


def test_a_side_that_fails_in_mid_text_for_good_ends_the_battle_without_any_vote(stack, ended):
    for alice, battle in ended["hopeless"].result():
        assert battle.state == "failed"
        assert set(battle.early) == {(409, "not-ready")}
        late = alice.vote(battle.id)
        assert (late.status_code, late.json()["type"]) == (409, "not-ready")
        assert _votes(stack, battle) == 0
        # The other side was fine all along: a vote on it alone is what must not exist.
        other = {row[2] for row in _rows(stack, battle) if row[0] != battle.failed_side}
        assert other <= {"complete", "discarded"}
        assert alice.battle(battle.id)["systems"] is None
