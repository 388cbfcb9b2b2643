"""French is complete: every string of the sources is translated, and nothing else is in the catalogue."""

import re
from collections.abc import Iterable

import pytest
from babel.messages.catalog import Message
from django.conf import settings
from django.utils.translation import gettext, override

from arena.arenas.models import Arena
from arena.web import messages, strings
from tests.web.catalogue import catalogue, source_messages
from tests.web.conftest import Browser

PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w+\}|</?\w+>")
NARROW, FULL = "\u202f", "\u00a0"


def entries() -> list[Message]:
    return [message for message in catalogue("fr") if message.id]


def texts(value: str | Iterable[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def test_the_catalogue_has_exactly_the_messages_of_the_sources() -> None:
    stored = {tuple(message.id) if isinstance(message.id, (list, tuple)) else message.id for message in entries()}
    said = set(source_messages())
    assert said - stored == set(), "not in the catalogue: manage.py makemessages -l fr, then translate"
    assert stored - said == set(), "no source says these any more"


def test_no_translation_is_empty_or_uncertain() -> None:
    assert not [message.id for message in entries() if message.fuzzy or not all(texts(message.string))]


def test_placeholders_and_tags_survive_translation() -> None:
    for message in entries():
        singular = sorted(PLACEHOLDER.findall(texts(message.id)[0]))
        for text in texts(message.string):
            assert sorted(PLACEHOLDER.findall(text)) == singular, message.id


def test_french_punctuation_has_its_spaces() -> None:
    for message in entries():
        for text in texts(message.string):
            prose = re.sub(r"<code>.*?</code>|<[^>]+>|https?:\S+", "", text)
            assert not re.search(rf"(?<!{NARROW})[;!?]|(?<!{FULL}):|«(?!{FULL})|(?<!{FULL})»", prose), text
            assert "'" not in prose, text
            assert '"' not in prose, text


def test_the_catalogue_knows_its_language_and_plurals() -> None:
    stored = catalogue("fr")
    assert str(stored.locale) == "fr"
    assert stored.plural_expr.replace(" ", "") == "(n>1)"


@pytest.mark.parametrize(
    "table", ["STATES", "OUTCOMES", "REASON_TAGS", "REPORT_REASONS", "ACCESS", "EXCLUSIONS", "TEXT_STATUSES"]
)
def test_every_code_has_words_of_its_own_in_both_languages(table: str) -> None:
    words = getattr(messages, table)
    spoken = []
    for language, _name in settings.LANGUAGES:
        with override(language):
            spoken.append([str(text) for text in words.values()])
    english, french = spoken
    assert len(set(english)) == len(english)
    assert len(set(french)) == len(french)
    assert not set(english) & set(french)


def test_the_scripts_get_french_strings() -> None:
    with override("fr"):
        spoken = strings.script_strings()
    assert spoken["outcome.tie"] == "Égalité"
    assert spoken["phase.failed"] == "Ce duel a échoué."


PAGES = (
    "/",
    "/arenas/text",
    "/arenas/text/leaderboard",
    "/battles",
    "/consent",
    "/systems",
    "/about",
    "/methods",
    "/releases",
)


@pytest.mark.parametrize("path", [*PAGES, "/privacy", "/nowhere"])
def test_a_french_page_has_no_english_leftovers(newcomer: Browser, arena: Arena, path: str) -> None:
    page = newcomer.get(path, headers={"Accept-Language": "fr"}).content.decode()
    text = re.sub(r"<script.*?</script>|<style.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL)
    leftovers = re.findall(r"\b(?:the|you|your|and|with|not|is|are|of|battle|leaderboard)\b", text, re.IGNORECASE)
    assert not leftovers
    for attribute in re.findall(r'(?:aria-label|placeholder|title|content)="([^"]*)"', page):
        assert not re.search(r"\b(?:the|you|your|and|not|is|are|of)\b", attribute), attribute


def test_gettext_speaks_french_at_run_time() -> None:
    with override("fr"):
        assert gettext("Both are bad") == "Les deux sont mauvaises"
