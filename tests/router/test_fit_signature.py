"""What a prompt needs meets what a system gives."""

import pytest

from arena.router.signature import Fit, Need, Offer, RequirementInvalid, checked, fit
from arena.router.text_rules import ANSWER_TOKENS


def text_fit(requirement: dict[str, object], signature: dict[str, object], **more: int | None) -> Fit:
    need = Need(requirement, more.get("prompt_bytes") or 30)
    return fit("text", need, Offer(signature, more.get("context_tokens")))


def test_no_requirement_is_met_by_every_system() -> None:
    assert text_fit({}, {}) is Fit.SUPPORTED
    assert text_fit({}, {"languages": ["fr"]}) is Fit.SUPPORTED


@pytest.mark.parametrize(
    ("wanted", "offered", "expected"),
    [
        ("fr", ["en", "fr"], Fit.SUPPORTED),
        ("FR", ["fr"], Fit.SUPPORTED),
        ("fr-CA", ["fr"], Fit.PARTIAL),
        ("pt", ["pt-BR"], Fit.PARTIAL),
        ("de", ["en", "fr"], Fit.UNSUPPORTED),
        ("de", [], Fit.SUPPORTED),
    ],
)
def test_a_language_is_spoken_wholly_in_part_or_not(wanted: str, offered: list[str], expected: Fit) -> None:
    assert text_fit({"language": wanted}, {"languages": offered}) is expected


@pytest.mark.parametrize(
    ("prompt_bytes", "expected"),
    [
        (3 * (2048 - ANSWER_TOKENS), Fit.SUPPORTED),
        (3 * (2048 - ANSWER_TOKENS) + 1, Fit.PARTIAL),
        (3 * 2047, Fit.PARTIAL),
        (3 * 2048, Fit.UNSUPPORTED),
    ],
)
def test_a_prompt_must_fit_into_the_context(prompt_bytes: int, expected: Fit) -> None:
    assert text_fit({}, {}, prompt_bytes=prompt_bytes, context_tokens=2048) is expected


def test_a_stated_need_of_context_replaces_the_estimate() -> None:
    assert text_fit({"context_tokens": 100_000}, {}, context_tokens=8192) is Fit.UNSUPPORTED
    assert text_fit({"context_tokens": 100_000}, {}, context_tokens=128_000) is Fit.SUPPORTED
    assert text_fit({"context_tokens": 100_000}, {}, context_tokens=None) is Fit.SUPPORTED


def test_the_worse_of_language_and_context_counts() -> None:
    assert text_fit({"language": "fr-CA"}, {"languages": ["fr"]}, prompt_bytes=9000, context_tokens=10) is (
        Fit.UNSUPPORTED
    )


def test_a_good_requirement_is_kept_as_it_is() -> None:
    assert checked("text", {"language": "pt-BR", "context_tokens": 9}) == {"language": "pt-BR", "context_tokens": 9}
    assert checked("text", None) == {}
    assert checked("text", {}) == {}


@pytest.mark.parametrize(
    ("requirement", "named"),
    [
        ({"colour": "red"}, "colour"),
        ({"language": 7}, "language"),
        ({"language": ""}, "language"),
        ({"language": "not a tag"}, "language"),
        ({"language": None}, "language"),
        ({"context_tokens": 0}, "context_tokens"),
        ({"context_tokens": True}, "context_tokens"),
        ({"context_tokens": 1.5}, "context_tokens"),
        ({"context_tokens": 10**12}, "context_tokens"),
        (["language"], "object"),
        ("fr", "object"),
    ],
)
def test_a_wrong_requirement_is_refused_and_named(requirement: object, named: str) -> None:
    with pytest.raises(RequirementInvalid, match=named):
        checked("text", requirement)
