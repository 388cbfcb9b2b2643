"""POST /api/v1/battles/{id}/withdraw."""

from arena.battles.models import Battle, Turn
from arena.votes.models import Withdrawal
from tests.api.callers import MISSING_ID, Program, slug_of


def test_texts_are_erased_and_the_same_again_is_answered_alike(alice: Program, ready: Battle) -> None:
    alice.post(f"/battles/{ready.id}/vote", {"outcome": "left"})
    first, again = (alice.post(f"/battles/{ready.id}/withdraw", {}) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert first.json()["battle"] == str(ready.id)
    assert first.json()["vote_at"] is None
    assert {turn.prompt for turn in Turn.objects.filter(battle=ready)} == {""}
    assert alice.get(f"/battles/{ready.id}").json()["turns"][0]["left"] == {"text": ""}


def test_the_vote_goes_with_it_on_request(alice: Program, ready: Battle) -> None:
    voted = alice.post(f"/battles/{ready.id}/vote", {"outcome": "left"}).json()
    assert len(voted["receipt"]) == 47
    assert alice.post(f"/battles/{ready.id}/withdraw", {"vote": True}).json()["vote_at"]
    assert set(Withdrawal.objects.values_list("scope", flat=True)) == {"text", "vote"}


def test_foreign_and_unknown_battles_are_the_same_404(alice: Program, mallory: Program, ready: Battle) -> None:
    answers = [mallory.post(f"/battles/{ready.id}/withdraw", {}), alice.post(f"/battles/{MISSING_ID}/withdraw", {})]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert not Withdrawal.objects.exists()


def test_while_answers_are_written_it_is_not_ready(alice: Program, ready: Battle) -> None:
    Battle.objects.filter(id=ready.id).update(state="generating")
    answer = alice.post(f"/battles/{ready.id}/withdraw", {})
    assert (answer.status_code, slug_of(answer)) == (409, "not-ready")
