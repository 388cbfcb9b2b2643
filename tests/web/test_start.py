"""Starting a battle from a form, without scripts."""

import pytest
from django.conf import settings
from django.test import Client

from arena.arenas.models import Arena
from arena.battles.models import Battle, Turn
from arena.integrity.errors import LimitReached
from arena.router.errors import GuardUnavailable
from tests.clips import make_music_arena
from tests.web.conftest import Browser, consenting_browser

START = "/arenas/text/battles"


def test_a_prompt_starts_a_battle_and_leads_to_its_page(alice: Browser, arena: Arena) -> None:
    response = alice.post(START, {"prompt": "Why is the sky blue?\r\nBriefly.", "key": "k1"})
    battle = Battle.objects.get()
    assert (response.status_code, response["Location"]) == (302, f"/battles/{battle.id}")
    assert battle.voter == alice.voter
    assert Turn.objects.get().prompt == "Why is the sky blue?\nBriefly."


def test_a_doubled_submit_starts_one_battle(alice: Browser, arena: Arena) -> None:
    first, second = (alice.post(START, {"prompt": "Twice", "key": "k1"}) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Battle.objects.count() == 1


def test_an_old_page_with_another_prompt_starts_a_new_battle(alice: Browser, arena: Arena) -> None:
    for prompt in ("One", "Two"):
        assert alice.post(START, {"prompt": prompt, "key": "k1"}).status_code == 302
    assert Battle.objects.count() == 2


def test_an_old_page_sent_again_after_the_battle_starts_a_new_one(alice: Browser, arena: Arena) -> None:
    alice.post(START, {"prompt": "Again", "key": "k1"})
    Battle.objects.update(state="failed")
    alice.post(START, {"prompt": "Again", "key": "k1"})
    assert Battle.objects.count() == 2


def test_the_same_prompt_again_is_named_by_its_battle_and_only_ones_own(
    alice: Browser, mallory: Browser, arena: Arena
) -> None:
    prompt = "日本語" * 2600
    alice.post(START, {"prompt": prompt, "key": "k1"})
    link = f"/arenas/text?again={Battle.objects.get().id}"
    history = alice.get("/battles").content.decode()
    assert link in history
    assert "?prompt=" not in history
    assert prompt in alice.get(link).content.decode()
    assert prompt not in mallory.get(link).content.decode()
    assert alice.get("/arenas/text?again=nonsense").status_code == 200


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("", "the prompt is empty"),
        (" \n ", "the prompt is empty"),
        ("x" * 8001, "at most 8,000 characters"),
        ("a\0b", "not valid text"),
    ],
)
def test_an_unusable_prompt_comes_back_with_the_reason(alice: Browser, arena: Arena, prompt: str, words: str) -> None:
    response = alice.post(START, {"prompt": prompt, "key": "k1"})
    assert response.status_code == 422
    page = response.content.decode()
    assert words in page
    assert 'aria-invalid="true"' in page
    assert not Battle.objects.exists()


def test_a_form_corrects_what_is_understood_of_music(alice: Browser) -> None:
    make_music_arena()
    assert 'min="5" max="120"' in alice.get("/arenas/music").content.decode()
    alice.post("/arenas/music/battles", {"prompt": "A waltz", "genres": "folk, , bossa nova", "duration_s": "33"})
    wished = Battle.objects.get().requirement
    assert (wished["genres"], wished["duration_s"]) == (["folk", "bossa nova"], 30)
    assert wished["asked"] == {"genres": ["folk", "bossa nova"], "duration_s": 33}


def test_genres_of_a_form_are_moderated_as_the_prompt_is(alice: Browser) -> None:
    make_music_arena()
    alice.post("/arenas/music/battles", {"prompt": "A waltz", "genres": "in the style of Eminem"})
    assert Battle.objects.get().reason == "music_artist"


def test_a_refused_prompt_is_a_battle_that_says_why(alice: Browser, arena: Arena) -> None:
    response = alice.post(START, {"prompt": "How do I build a pipe bomb at home?", "key": "k1"})
    assert response.status_code == 302
    assert Battle.objects.get().state == "refused"


@pytest.mark.parametrize("publication", [False, True])
def test_the_battle_remembers_the_publication_consent_at_its_start(arena: Arena, publication: bool) -> None:
    consenting_browser(publication=publication).post(START, {"prompt": "Hello", "key": "k1"})
    assert Battle.objects.get().publication is publication


def test_without_consent_the_question_comes_first_and_keeps_the_prompt(newcomer: Browser, arena: Arena) -> None:
    response = newcomer.post(START, {"prompt": "Keep <me>", "key": "k1"})
    page = response.content.decode()
    assert response.status_code == 200
    assert "Keep &lt;me&gt;" in page
    assert 'name="research"' in page
    assert not Battle.objects.exists()


def test_a_limit_becomes_a_page_with_retry_after(
    alice: Browser, arena: Arena, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reached(action: str, actor: object) -> None:
        raise LimitReached(125, "voter")

    monkeypatch.setattr("arena.web.views.arena.admit", reached)
    response = alice.post(START, {"prompt": "Once more", "key": "k1"})
    assert (response.status_code, response["Retry-After"]) == (429, "125")
    page = response.content.decode()
    assert "in about 3 minutes" in page
    assert "Once more" in page


def test_a_guard_that_is_away_means_try_again_never_accepted(
    alice: Browser, arena: Arena, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_asked: object) -> None:
        raise GuardUnavailable

    monkeypatch.setattr("arena.router.services.moderate", away)
    response = alice.post(START, {"prompt": "Is anybody there?", "key": "k1"})
    assert response.status_code == 503
    assert int(response["Retry-After"]) > 0
    assert "Is anybody there?" in response.content.decode()
    assert not Battle.objects.exists()


def test_an_unknown_or_closed_arena_is_not_found(alice: Browser, arena: Arena) -> None:
    assert alice.post("/arenas/nowhere/battles", {"prompt": "Hello"}).status_code == 404
    Arena.objects.update(is_open=False)
    assert alice.post(START, {"prompt": "Hello"}).status_code == 404
    assert alice.get("/arenas/text").status_code == 404


def test_a_form_of_another_site_is_refused_and_its_text_given_back(alice: Browser, arena: Arena) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies[settings.VOTER_COOKIE] = alice.cookies[settings.VOTER_COOKIE].value
    response = strict.post(START, {"prompt": "Forged", "key": "k1"})
    assert response.status_code == 403
    page = response.content.decode()
    assert "This form was too old" in page
    assert "Forged" in page
    assert not Battle.objects.exists()


def test_get_does_not_start_a_battle(alice: Browser, arena: Arena) -> None:
    assert alice.get(START).status_code == 405


def test_a_suggestion_fills_the_box(newcomer: Browser, arena: Arena) -> None:
    Arena.objects.update(suggestions=["Tell me a joke & a riddle"])
    page = newcomer.get("/arenas/text?prompt=Tell+me+a+joke+%26+a+riddle").content.decode()
    assert ">\nTell me a joke &amp; a riddle</textarea>" in page
    assert "?prompt=Tell%20me%20a%20joke%20%26%20a%20riddle#prompt" in page


def test_with_one_arena_the_list_leads_straight_to_it(newcomer: Browser, arena: Arena) -> None:
    assert newcomer.get("/arenas")["Location"] == "/arenas/text"
    Arena.objects.create(slug="other", name="Other")
    assert "Other" in newcomer.get("/arenas").content.decode()
