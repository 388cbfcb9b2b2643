"""The text form of limits."""

import pytest

from arena.accounts.errors import LimitsInvalid
from arena.accounts.limits import parse_limits


def test_entries_are_read_by_action_and_scope() -> None:
    assert parse_limits("battle.voter=30/3600, battle.network=0,vote.token = 5 / 60") == {
        "battle": {"voter": (30, 3600), "network": (0, 86400)},
        "vote": {"token": (5, 60)},
    }


@pytest.mark.parametrize("text", ["", " ", ",", " , "])
def test_nothing_limits_nothing(text: str) -> None:
    assert parse_limits(text) == {}


@pytest.mark.parametrize(
    "text",
    [
        "battle=3/60",
        "battle.voter",
        "battle.voter=",
        "battle.voter=3",
        "battle.voter=3/",
        "battle.voter=-3/60",
        "battle.voter=3/0",
        "battle.voter=3/86401",
        "battle.voter=1.5/60",
        "battle.voter=٣/60",
        "battle.voter=9999999999/60",
        "battle.browser=3/60",
        "reveal.voter=3/60",
    ],
)
def test_a_malformed_entry_is_shown(text: str) -> None:
    with pytest.raises(LimitsInvalid) as caught:
        parse_limits("turn.voter=1/2," + text)
    assert text.partition("=")[0] in str(caught.value)


def test_a_limit_is_named_once() -> None:
    with pytest.raises(LimitsInvalid, match="twice"):
        parse_limits("turn.voter=1/2,turn.voter=3/4")
