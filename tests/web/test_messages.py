"""Every code that the arena may say has words."""

import re
from pathlib import Path
from typing import get_args

import pytest
from django.utils.translation import override

from arena.battles.reports import REPORT_REASONS
from arena.battles.states import BattleState
from arena.rankings.board import Status
from arena.rankings.folding import Exclusion
from arena.router.messages import message_of
from arena.systems.models import Access
from arena.votes.outcome import REASONS, Outcome
from arena.web import messages
from arena.web.templatetags import arena_text
from tests.web.catalogue import ROOT


@pytest.mark.parametrize(
    ("table", "codes"),
    [
        (messages.STATES, {state.value for state in BattleState}),
        (messages.OUTCOMES, {outcome.value for outcome in Outcome}),
        (messages.REASON_TAGS, REASONS),
        (messages.REPORT_REASONS, set(REPORT_REASONS)),
        (messages.ACCESS, set(Access.values)),
        (messages.EXCLUSIONS, set(get_args(Exclusion))),
        (messages.BOARD_STATUSES, {"empty", "disconnected", "separated"}),
        (messages.RATING_STATUSES, {status.value for status in Status} - {"empty"}),
    ],
)
def test_a_table_has_exactly_the_codes_that_exist(table: dict[str, object], codes: set[str]) -> None:
    assert set(table) == codes


def test_every_reason_that_ends_a_battle_has_words() -> None:
    sources = [*(ROOT / "arena/battles").glob("*.py"), ROOT / "workers/generation.py"]
    said = {
        code
        for path in sources
        for code in re.findall(r'(?:FAILED, |reason=|reason: str = )"(\w+)"', Path(path).read_text("utf-8"))
    }
    assert "backend_failed" in said
    assert said <= set(messages.BATTLE_REASONS)


@pytest.mark.parametrize("code", ["no_systems", "no_pair", "unsafe_weapons", "prompt_empty"])
def test_the_routers_codes_have_the_routers_words(code: str) -> None:
    assert messages.refusal_text(code) == message_of(code)


def test_an_unknown_code_never_shows_itself() -> None:
    assert "canary" not in messages.refusal_text("canary")


@pytest.mark.parametrize(
    ("amount", "text"), [(None, "–"), (0, "$0.00"), (1.5, "$1.50"), ("0.000025", "$0.000025"), (1234, "$1,234.00")]
)
def test_money_keeps_its_small_digits(amount: object, text: str) -> None:
    assert arena_text.usd(amount) == text


def test_money_is_written_as_the_language_does() -> None:
    with override("fr"):
        assert arena_text.usd("0.25") == "0,25\u00a0$"
