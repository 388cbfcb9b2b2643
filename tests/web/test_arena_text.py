"""Numbers on pages: rounded, never cut off, and in the visitor's format."""

import pytest
from django.utils import translation

from arena.web.figures_text import seconds_text, speed_text
from arena.web.templatetags.arena_text import p_value, percent, seconds_or_dash, speed_or_dash


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.457, "46 %"),
        (0.543, "54 %"),
        (0.0878, "8.8 %"),
        (0.0996, "10 %"),
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.999, "100 %"),
        (None, "–"),
    ],
)
def test_shares_are_rounded(share: float | None, said: str) -> None:
    with translation.override("en"):
        assert percent(share) == said


def test_both_sides_of_a_pair_add_up() -> None:
    with translation.override("en"):
        assert [percent(p) for p in (0.4569942, 1 - 0.4569942)] == ["46 %", "54 %"]


def test_durations_and_probabilities_are_rounded_too() -> None:
    with translation.override("en"):
        assert (seconds_or_dash(1.239), seconds_text(1.239), p_value(0.04567)) == ("1.24 s", "1.24 s", "0.046")
        assert p_value(0.0004) == "below 0.001"


@pytest.mark.parametrize(("factor", "said"), [(114.02, "114"), (12.0, "12"), (4.81, "4.8"), (0.347, "0.35")])
def test_speed_is_told_in_multiples_of_real_time(factor: float, said: str) -> None:
    with translation.override("en"):
        assert speed_text(factor) == speed_or_dash(factor) == f"{said} × real time"
    with translation.override("fr"):
        assert speed_text(factor) == speed_or_dash(factor) == f"{said.replace('.', ',')} × temps réel"


def test_a_speed_that_nobody_measured_is_said_to_be_unknown() -> None:
    with translation.override("en"):
        assert (speed_text(None), speed_or_dash(None)) == ("not known", "–")


def test_a_french_page_has_a_comma() -> None:
    with translation.override("fr"):
        assert percent(0.0878).startswith("8,8")
