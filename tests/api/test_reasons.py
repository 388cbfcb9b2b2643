"""The codes of the API and the words of the pages are the same."""

from arena.battles.reports import REPORT_REASONS
from arena.votes.outcome import REASONS
from arena.web.messages import REASON_TAGS
from arena.web.messages import REPORT_REASONS as REPORT_WORDS


def test_the_pages_have_words_for_every_code_and_no_other() -> None:
    assert set(REPORT_WORDS) == set(REPORT_REASONS)
    assert set(REASON_TAGS) == REASONS
