"""The scripts and the server agree about the strings."""

import re
from pathlib import Path

from django.utils import translation

from arena.arenas.models import Modality
from arena.router.messages import message_of
from arena.web.strings import script_strings

SOURCE = Path(__file__).resolve().parents[2] / "frontend" / "src"


def _keys_of_the_scripts() -> set[str]:
    names = (SOURCE / "strings.ts").read_text(encoding="utf-8").partition("KEYS = [")[2].partition("]")[0]
    return set(re.findall(r'"([^"]+)"', names))


def test_the_server_has_exactly_the_strings_that_the_scripts_name():
    served = {key for key in script_strings() if not key.startswith("reason.")}
    special = {key for key in served if key.rpartition(".")[2] in Modality.values}
    assert served - special == _keys_of_the_scripts()
    assert {key.rpartition(".")[0] for key in special} <= served


def test_scripts_have_no_words_of_their_own():
    for path in SOURCE.glob("*.ts"):
        assigned = re.findall(r'(?:textContent|title|innerText)\s*=\s*"([^"]+)"', path.read_text(encoding="utf-8"))
        assert assigned == [], path.name


def test_every_string_is_french_in_french():
    with translation.override("en"):
        english = script_strings()
    with translation.override("fr"):
        french = script_strings()
    same = {key for key in english if english[key] == french[key]}
    assert same <= {"unit.seconds", "unit.tokens", "clip.pause"}


def test_a_reason_that_a_battle_may_end_with_has_words():
    words = script_strings()
    for code in ("no_pair", "unsafe_weapons"):
        assert words[f"reason.{code}"] == message_of(code)
