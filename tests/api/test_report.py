"""POST /api/v1/battles/{id}/report."""

from typing import Any

import pytest

from arena.battles.models import Battle, Report
from tests.api.callers import MISSING_ID, Program, slug_of

BODY = {"turn": 1, "side": "left", "reason": "harmful", "text": "Look at the second line."}


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_report_is_kept_for_the_operators(alice: Program, ready: Battle, side: str) -> None:
    response = alice.post(f"/battles/{ready.id}/report", {**BODY, "side": side})

    assert response.status_code == 201
    assert response.json() == {"turn": 1, "side": side, "reason": "harmful"}
    report = Report.objects.get()
    assert (report.battle_id, report.turn_n, report.side, report.text) == (ready.id, 1, side, BODY["text"])


def test_an_answer_is_reported_once(alice: Program, ready: Battle) -> None:
    alice.post(f"/battles/{ready.id}/report", BODY)

    response = alice.post(f"/battles/{ready.id}/report", BODY)

    assert response.status_code == 409
    assert slug_of(response) == "already-reported"


def test_foreign_unknown_and_missing_answers_are_the_same_404(alice: Program, mallory: Program, ready: Battle) -> None:
    answers = [
        mallory.post(f"/battles/{ready.id}/report", BODY),
        alice.post(f"/battles/{MISSING_ID}/report", BODY),
        alice.post(f"/battles/{ready.id}/report", {**BODY, "turn": 2}),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert not Report.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [{"turn": 0}, {"turn": "1"}, {"side": "middle"}, {"reason": ""}, {"reason": "because"}, {"text": 5}, {"why": "x"}],
)
def test_a_report_of_another_shape_is_refused(alice: Program, ready: Battle, wrong: dict[str, Any]) -> None:
    response = alice.post(f"/battles/{ready.id}/report", {**BODY, **wrong})

    assert response.status_code == 422
    assert slug_of(response) == "request-invalid"
