"""Taking battles back on the pages: each asks first, says what will happen, and does it."""

import io
import json
import zipfile

import pytest

from arena.arenas.models import Arena
from arena.battles.models import Turn
from arena.votes.models import Withdrawal
from arena.votes.receipts import receipt_of
from tests.web.conftest import Browser, battle_of


def test_the_question_names_the_consequences_and_changes_nothing(alice: Browser, arena: Arena) -> None:
    battle = battle_of(alice, arena, "voted")
    page = alice.get(f"/battles/{battle.id}/withdraw").content.decode()
    assert "erased at once and cannot be brought back" in page
    assert "Withdraw my vote as well" in page
    assert not Withdrawal.objects.exists()
    assert f'href="/battles/{battle.id}/withdraw"' in alice.get("/battles").content.decode()


@pytest.mark.parametrize("with_vote", [False, True])
def test_a_battle_is_withdrawn_with_or_without_its_vote(alice: Browser, arena: Arena, with_vote: bool) -> None:
    battle = battle_of(alice, arena, "voted")
    page = alice.post(f"/battles/{battle.id}/withdraw", {"vote": "true"} if with_vote else {}).content.decode()
    assert ("Your vote leaves the leaderboard" in page) is with_vote
    assert ("Your vote stays, without any text." in page) is not with_vote
    assert Turn.objects.get(battle=battle).prompt == ""
    assert Withdrawal.objects.filter(scope="vote").exists() is with_vote
    shown = alice.get("/battles").content.decode()
    assert "Text withdrawn" in shown
    assert "Same prompt again" not in shown
    assert alice.get(f"/battles/{battle.id}").status_code == 200
    again = alice.get(f"/battles/{battle.id}/withdraw").content.decode()
    assert "The texts of this battle were withdrawn on" in again
    assert ("there is nothing left to withdraw" in again) is with_vote


def test_mallory_and_a_newcomer_find_nothing(
    alice: Browser, mallory: Browser, newcomer: Browser, arena: Arena
) -> None:
    battle = battle_of(alice, arena, "voted")
    for stranger in (mallory, newcomer):
        assert stranger.get(f"/battles/{battle.id}/withdraw").status_code == 404
        assert stranger.post(f"/battles/{battle.id}/withdraw", {"vote": "true"}).status_code == 404
    assert not Withdrawal.objects.exists()


def test_a_battle_that_is_being_written_says_what_to_do(alice: Browser, arena: Arena) -> None:
    battle = battle_of(alice, arena, "generating")
    answer = alice.post(f"/battles/{battle.id}/withdraw", {})
    assert answer.status_code == 409
    assert "Stop them first" in answer.content.decode()


def test_everything_of_this_browser_is_withdrawn(alice: Browser, mallory: Browser, arena: Arena) -> None:
    mine, other = battle_of(alice, arena, "voted"), battle_of(mallory, arena, "voted")
    battle_of(alice, arena, "generating")
    page = alice.post("/battles/withdraw", {"vote": "true"}).content.decode()
    assert "The texts of 1 battle are erased." in page
    assert "1 battle is still being written" in page
    assert Turn.objects.get(battle=mine).prompt == ""
    assert Turn.objects.get(battle=other).prompt


def test_a_receipt_works_in_any_browser_and_asks_first(alice: Browser, newcomer: Browser, arena: Arena) -> None:
    battle = battle_of(alice, arena, "voted")
    receipt = receipt_of(battle.id)
    assert receipt in alice.get(f"/battles/{battle.id}").content.decode()
    asked = newcomer.post("/withdraw", {"receipt": receipt.lower()}).content.decode()
    assert "What will happen" in asked
    assert not Withdrawal.objects.exists()
    newcomer.post("/withdraw", {"receipt": receipt, "confirmed": "1", "vote": "true"})
    assert set(Withdrawal.objects.values_list("scope", flat=True)) == {"text", "vote"}


def test_a_wrong_receipt_is_refused_in_words(newcomer: Browser) -> None:
    answer = newcomer.post("/withdraw", {"receipt": "AAAAA-BBBBB", "confirmed": "1"})
    assert answer.status_code == 422
    assert "This is no receipt of this site." in answer.content.decode()


def test_before_the_vote_there_is_no_receipt(alice: Browser, arena: Arena) -> None:
    battle = battle_of(alice, arena)
    assert receipt_of(battle.id) not in alice.get(f"/battles/{battle.id}").content.decode()


def test_everything_of_ones_own_is_downloaded_blind_where_there_is_no_vote(
    alice: Browser, newcomer: Browser, arena: Arena
) -> None:
    voted, waiting = battle_of(alice, arena, "voted"), battle_of(alice, arena)
    answer = alice.get("/battles/download")
    assert answer["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        told = json.loads(archive.read("my-battles.json"))
    battles = {battle["id"]: battle for battle in told["battles"]}
    assert set(battles) == {str(voted.id), str(waiting.id)}
    assert battles[str(voted.id)]["systems"]["left"]["name"] == "Ada"
    assert battles[str(waiting.id)]["systems"] is None
    assert battles[str(voted.id)]["turns"][0]["prompt"] == "Why is the sky blue?"
    assert newcomer.get("/battles/download").status_code == 404
