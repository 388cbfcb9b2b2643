"""POST /api/v1/withdrawals."""

from uuid import UUID

import pytest

from arena.battles.models import Battle, Turn
from arena.votes.models import Withdrawal
from arena.votes.receipts import receipt_of
from tests.api.callers import MISSING_ID, Program, slug_of


@pytest.fixture
def receipt(alice: Program, ready: Battle) -> str:
    """Of a battle that Alice voted on."""
    code: str = alice.post(f"/battles/{ready.id}/vote", {"outcome": "left"}).json()["receipt"]
    return code


def test_whoever_has_the_receipt_withdraws_the_battle(mallory: Program, ready: Battle, receipt: str) -> None:
    answer = mallory.post("/withdrawals", {"receipts": [receipt.lower(), receipt], "vote": True})
    assert (answer.status_code, answer.json()) == (200, {"withdrawn": 1, "left": 0})
    assert {turn.prompt for turn in Turn.objects.filter(battle=ready)} == {""}
    assert set(Withdrawal.objects.values_list("scope", flat=True)) == {"text", "vote"}


@pytest.mark.parametrize("stranger", ["AAAAA-BBBBB", receipt_of(UUID(MISSING_ID))])
def test_one_receipt_that_is_none_and_nothing_is_done(mallory: Program, receipt: str, stranger: str) -> None:
    answer = mallory.post("/withdrawals", {"receipts": [receipt, stranger]})
    assert (answer.status_code, slug_of(answer)) == (404, "battle-not-found")
    assert not Withdrawal.objects.exists()


def test_everything_is_everything_of_the_own_voter(alice: Program, mallory: Program, ready: Battle) -> None:
    assert mallory.post("/withdrawals", {"everything": True}).json() == {"withdrawn": 0, "left": 0}
    assert alice.post("/withdrawals", {"everything": True}).json() == {"withdrawn": 1, "left": 0}
    assert Battle.objects.get(id=ready.id).state == "expired"


def test_what_is_being_written_is_left_and_said(alice: Program, ready: Battle) -> None:
    Battle.objects.filter(id=ready.id).update(state="generating")
    assert alice.post("/withdrawals", {"everything": True}).json() == {"withdrawn": 0, "left": 1}


@pytest.mark.parametrize(
    "body", [{}, {"vote": True}, {"everything": False}, {"receipts": []}, {"receipts": ["x"], "everything": True}]
)
def test_either_receipts_or_everything(alice: Program, ready: Battle, body: dict[str, object]) -> None:
    assert alice.post("/withdrawals", body).status_code == 422
    assert not Withdrawal.objects.exists()
