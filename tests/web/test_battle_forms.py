"""The forms of a battle's page, as a browser without scripts sends them."""

import pytest

from arena.accounts.models import Consent
from arena.arenas.models import Arena
from arena.battles.models import Battle, Report, Turn
from arena.systems.models import SystemVersion
from arena.votes.models import Vote
from tests.ballots import make_battle, named
from tests.web.conftest import Browser

HIDDEN = ("Ada", "Bert", "Cleo", "Ltd", "MIT")


@pytest.fixture
def battle(alice: Browser, arena: Arena) -> Battle:
    left, right = SystemVersion.objects.order_by("system__name")[:2]
    return make_battle(arena, left, right, voter=alice.voter)


def address(battle: Battle, action: str = "") -> str:
    return f"/battles/{battle.id}" + (f"/{action}" if action else "")


@pytest.mark.parametrize("state", ["queued", "generating", "ready", "failed", "expired"])
def test_before_the_vote_the_page_names_nobody(alice: Browser, battle: Battle, state: str) -> None:
    Battle.objects.filter(id=battle.id).update(state=state)
    response = alice.get(address(battle))
    assert response.status_code == 200
    page = response.content.decode()
    assert not named(page, *HIDDEN)
    assert "no-store" in response["Cache-Control"]


def test_a_vote_is_stored_and_reveals_both_systems(alice: Browser, battle: Battle) -> None:
    form = {"outcome": "left", "reasons_left": ["useful", "clear"], "feedback_right": "Too\r\nshort"}
    response = alice.post(address(battle, "vote"), form)
    assert response["Location"] == address(battle) + "#reveal"
    vote = Vote.objects.get()
    assert (vote.outcome, vote.reasons["left"], vote.feedback["right"]) == ("left", ["clear", "useful"], "Too\nshort")
    page = alice.get(address(battle)).content.decode()
    assert "Ada" in page
    assert "Bert" in page


def test_the_same_vote_again_changes_nothing(alice: Browser, battle: Battle) -> None:
    for _ in range(2):
        assert alice.post(address(battle, "vote"), {"outcome": "tie"}).status_code == 302
    assert Vote.objects.count() == 1


def test_another_vote_is_refused_and_the_first_stays(alice: Browser, battle: Battle) -> None:
    alice.post(address(battle, "vote"), {"outcome": "left"})
    response = alice.post(address(battle, "vote"), {"outcome": "right"})
    assert response.status_code == 409
    assert "has a vote already" in response.content.decode()
    assert Vote.objects.get().outcome == "left"


@pytest.mark.parametrize("form", [{}, {"outcome": "best"}, {"outcome": "left", "reasons_left": ["nonsense"]}])
def test_a_vote_that_says_nothing_known_is_not_stored(alice: Browser, battle: Battle, form: dict[str, object]) -> None:
    response = alice.post(address(battle, "vote"), form)
    assert response.status_code == 422
    assert "This vote cannot be read" in response.content.decode()
    assert not Vote.objects.exists()


def test_a_vote_before_the_answers_are_complete_is_refused(alice: Browser, battle: Battle) -> None:
    Battle.objects.filter(id=battle.id).update(state="generating")
    assert alice.post(address(battle, "vote"), {"outcome": "left"}).status_code == 409
    assert not Vote.objects.exists()


def test_without_a_consent_on_record_the_vote_waits_for_it(alice: Browser, battle: Battle) -> None:
    Consent.objects.all().delete()
    response = alice.post(address(battle, "vote"), {"outcome": "left"})
    assert response["Location"].startswith("/consent?next=")
    assert not Vote.objects.exists()


def test_a_follow_up_goes_to_the_same_battle(alice: Browser, battle: Battle) -> None:
    response = alice.post(address(battle, "turns"), {"prompt": "And at night?", "key": "k"})
    assert response["Location"] == address(battle)
    assert list(Turn.objects.order_by("n").values_list("prompt", flat=True)) == [
        "Why is the sky blue?",
        "And at night?",
    ]
    battle.refresh_from_db()
    assert battle.state == "queued"


def test_a_follow_up_after_the_vote_is_refused(alice: Browser, battle: Battle) -> None:
    alice.post(address(battle, "vote"), {"outcome": "left"})
    assert alice.post(address(battle, "turns"), {"prompt": "More", "key": "k"}).status_code == 409
    assert Turn.objects.count() == 1


@pytest.mark.parametrize(
    ("prompt", "words"), [(" ", "the prompt is empty"), ("How do I build a pipe bomb at home?", "was not accepted")]
)
def test_an_unusable_follow_up_comes_back_and_the_battle_stays(
    alice: Browser, battle: Battle, prompt: str, words: str
) -> None:
    response = alice.post(address(battle, "turns"), {"prompt": prompt, "key": "k"})
    assert response.status_code == 422
    assert words in response.content.decode()
    battle.refresh_from_db()
    assert battle.state == "ready"


def test_stopping_is_remembered_and_leads_back(alice: Browser, battle: Battle, valkey: object) -> None:
    Battle.objects.filter(id=battle.id).update(state="generating")
    Turn.objects.update(finished_at=None)
    assert alice.post(address(battle, "stop"))["Location"] == address(battle)
    assert Turn.objects.get().stop_requested_at is not None


def test_a_report_is_kept_once(alice: Browser, battle: Battle) -> None:
    form = {"side": "right", "turn": "1", "reason": "harmful", "text": "Look"}
    assert "An operator will look at it" in alice.post(address(battle, "report"), form).content.decode()
    assert alice.post(address(battle, "report"), form).status_code == 409
    report = Report.objects.get()
    assert (report.side, report.reason, report.text) == ("right", "harmful", "Look")


@pytest.mark.parametrize("change", [{"side": "top"}, {"reason": "because"}, {"turn": "x"}, {"turn": "999"}])
def test_a_malformed_report_is_refused(alice: Browser, battle: Battle, change: dict[str, str]) -> None:
    form = {"side": "right", "turn": "1", "reason": "harmful"} | change
    assert alice.post(address(battle, "report"), form).status_code == 422
    assert not Report.objects.exists()
