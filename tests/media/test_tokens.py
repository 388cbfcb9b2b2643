"""The address of a clip opens for its voter alone, for some hours, and says nothing."""

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from arena.media.tokens import STEP_S, TokenInvalid, clip_of, token_for

NOW_S = 1_800_000_000.0
IDS = st.integers(min_value=1, max_value=2**63 - 1)


@given(clip=IDS, voter=IDS)
def test_a_token_opens_the_clip_for_its_voter(clip, voter):
    assert clip_of(token_for(clip, voter), voter) == clip


@given(clip=IDS, voter=IDS, other=IDS)
def test_a_token_opens_nothing_for_anybody_else(clip, voter, other):
    if other == voter:
        return
    with pytest.raises(TokenInvalid):
        clip_of(token_for(clip, voter), other)


def test_a_token_stays_the_same_while_a_page_is_open_and_ends_within_two_steps():
    token = token_for(1, 2, now_s=NOW_S)
    start = NOW_S - NOW_S % STEP_S
    assert token_for(1, 2, now_s=start) == token
    assert clip_of(token, 2, now_s=NOW_S + STEP_S) == 1
    with pytest.raises(TokenInvalid):
        clip_of(token, 2, now_s=NOW_S + 2 * STEP_S)


def test_tokens_of_two_clips_have_one_length_and_nothing_in_common():
    left, right = token_for(1, 2), token_for(2, 2)
    assert len(left) == len(right)
    assert sum(a == b for a, b in zip(left, right, strict=True)) < len(left) / 2


@pytest.mark.parametrize("change", [0, 10, -1])
def test_a_changed_token_opens_nothing(change):
    token = list(token_for(1, 2))
    token[change] = "A" if token[change] != "A" else "B"
    if change == -1:
        # The last character has bits to spare: cut it instead.
        token = token[:-1]
    with pytest.raises(TokenInvalid):
        clip_of("".join(token), 2)


@pytest.mark.parametrize("text", ["", "x", "é", "-" * 50, "A" * 3000])
def test_what_is_no_token_opens_nothing(text):
    with pytest.raises(TokenInvalid):
        clip_of(text, 2)


def test_a_token_of_an_old_key_opens_while_the_key_is_a_fallback():
    token = token_for(1, 2)
    from django.conf import settings

    with override_settings(SECRET_KEY="new", SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]):
        assert clip_of(token, 2) == 1
    with override_settings(SECRET_KEY="new"), pytest.raises(TokenInvalid):
        clip_of(token, 2)
