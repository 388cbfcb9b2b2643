"""What every code of the arena says to a visitor, in one place. Codes are stable; words are translated here.

The router's codes (prompts refused, no pair found) have their words in `arena.router.messages`.
"""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from arena.router.services import message_of

#: Why a battle ended without answers; what is not here is a code of the router.
BATTLE_REASONS: Final[dict[str, Promise]] = {
    "backend_failed": _("One of the two systems did not answer, even after further attempts. No vote is taken."),
    "gave_up": _("The arena was interrupted again and again while the systems answered. No vote is taken."),
    "internal": _("The arena made a mistake of its own. No vote is taken; the operator will see it in the log."),
    "stopped": _("You stopped before both systems had written anything. No vote is taken."),
}

#: Where a battle stands, as a short label.
STATES: Final[dict[str, Promise]] = {
    "queued": _("Waiting for the systems"),
    "generating": _("Being answered"),
    "ready": _("Ready for your vote"),
    "voted": _("Voted"),
    "failed": _("Failed"),
    "refused": _("Not accepted"),
    "expired": _("Closed without a vote"),
}

OUTCOMES: Final[dict[str, Promise]] = {
    "left": _("Left is better"),
    "right": _("Right is better"),
    "tie": _("Tie"),
    "both_bad": _("Both are bad"),
}

#: The reason tags of a vote.
REASON_TAGS: Final[dict[str, Promise]] = {
    "useful": _("Useful"),
    "complete": _("Complete"),
    "correct": _("Correct"),
    "creative": _("Creative"),
    "clear": _("Clear"),
    "follows_instructions": _("Follows the instructions"),
    "incorrect": _("Incorrect"),
    "superficial": _("Superficial"),
    "unclear": _("Unclear"),
    "ignored_instructions": _("Ignores the instructions"),
    "unsafe": _("Unsafe"),
    "bad_format": _("Badly formatted"),
    "composition": _("Good composition"),
    "sound_quality": _("Good sound"),
    "prompt_adherence": _("Follows the prompt"),
    "vocals_lyrics": _("Good vocals or lyrics"),
    "weak_composition": _("Weak composition"),
    "poor_sound": _("Poor sound"),
    "artefacts": _("Noise or artefacts"),
    "ignores_prompt": _("Ignores the prompt"),
    "poor_vocals": _("Poor vocals or lyrics"),
}

#: Why an answer may be reported.
REPORT_REASONS: Final[dict[str, Promise]] = {
    "illegal": _("It is illegal or calls for something illegal"),
    "harmful": _("It is dangerous, hateful or abusive"),
    "personal_data": _("It reveals personal data"),
    "identity": _("It says which system wrote it"),
    "broken": _("It is broken or unreadable"),
    "other": _("Something else"),
}

ACCESS: Final[dict[str, Promise]] = {"open": _("open weights"), "proprietary": _("proprietary")}

#: What a leaderboard's status means for the reader: a title and an explanation.
BOARD_STATUSES: Final[dict[str, tuple[Promise, Promise]]] = {
    "empty": (
        _("No ratings yet"),
        _("No vote has been counted so far. Start a battle: the first votes make the first ratings."),
    ),
    "disconnected": (
        _("Not all systems can be compared yet"),
        _(
            "Some systems have not met the others, not even through a chain of battles. Their difference is unknown, "
            "so they have no number, unless they belong to a group of more than half of all systems. More battles "
            "will connect them."
        ),
    ),
    "separated": (
        _("Some differences have no bound yet"),
        _(
            "A system or a group of systems has won, or lost, every battle against the rest. How large the "
            "difference is cannot be told until the other side wins at least once, so they have no number, unless "
            "they belong to a group of more than half of all systems."
        ),
    ),
}

#: The status of one row of a leaderboard.
RATING_STATUSES: Final[dict[str, Promise]] = {
    "ok": _("rated"),
    "unrated": _("no votes yet"),
    "disconnected": _("not compared with the rated systems yet"),
    "separated": _("only wins, or only losses, against the rated systems so far"),
    "too_few_votes": _("too few votes for a rating yet"),
    "regularised": _("rated with the help of imagined votes, as the real ones decide too little"),
}

#: Kinds of prompts.
CATEGORIES: Final[dict[str, Promise]] = {
    "coding": _("Coding"),
    "maths": _("Mathematics"),
    "creative-writing": _("Creative writing"),
    "instruction-following": _("Following instructions"),
    "hard": _("Hard prompts"),
    "multi-turn": _("Several turns"),
    "long": _("Long prompts"),
    "instrumental": _("Instrumental"),
    "vocal": _("With singing"),
    "electronic": _("Electronic"),
    "hip-hop": _("Hip-hop and rap"),
    "pop": _("Pop"),
    "rock": _("Rock and metal"),
    "jazz": _("Jazz"),
    "soul": _("Blues, soul and funk"),
    "classical": _("Classical"),
    "folk": _("Folk and country"),
    "latin": _("Latin"),
    "reggae": _("Reggae and dub"),
    "ambient": _("Ambient and film music"),
}

#: What happened to a system.
EVENTS: Final[dict[str, Promise]] = {
    "registered": _("registered"),
    "paused": _("paused"),
    "resumed": _("resumed"),
    "retired": _("retired"),
}

#: What is counted of an answer's form.
FEATURES: Final[dict[str, Promise]] = {
    "tokens": _("Length"),
    "headings": _("Headings"),
    "lists": _("List items"),
    "bold": _("Bold text"),
    "code": _("Code blocks"),
    "duration": _("Length of the original"),
    "loudness": _("Loudness of the original"),
}

#: The intervals of a leaderboard: a name and what it promises.
INTERVALS: Final[dict[str, tuple[Promise, Promise]]] = {
    "own": (_("Each by itself"), _("Each interval holds by itself, in 95 of 100 cases.")),
    "simultaneous": (_("All at once"), _("All intervals of the board hold at once, in 95 of 100 cases.")),
    "sequence": (
        _("At every look"),
        _("Each interval holds however often one looks at the live board, in 95 of 100 cases."),
    ),
}

#: How errors are estimated: a short name, and what the interval then says.
ERRORS: Final[dict[str, tuple[Promise, Promise]]] = {
    "sandwich": (_("Vote by vote"), _("Every vote is taken to be independent of the others.")),
    "clustered": (_("Voter by voter"), _("Votes of one voter are taken together, as they may hang together.")),
}
#: What a vote weighs.
WEIGHTS: Final[dict[str, tuple[Promise, Promise]]] = {
    "one": (_("All alike"), _("Every vote weighs the same.")),
    "inverse-propensity": (
        _("By the odds of the draw"),
        _("A vote weighs the more the less probable its pair was to be drawn."),
    ),
}
#: What a tie is to the model.
TIES: Final[dict[str, tuple[Promise, Promise]]] = {
    "bradley-terry": (_("Half a win each"), _("A tie is half a win for each side.")),
    "davidson": (_("Davidson’s model"), _("Ties have a parameter of their own (Davidson).")),
    "rao-kupper": (_("Rao and Kupper’s model"), _("Ties have a parameter of their own (Rao and Kupper).")),
}
#: What a vote that both are bad is to the ratings.
BOTH_BAD: Final[dict[str, tuple[Promise, Promise]]] = {
    "tie": (_("A tie"), _("A vote that both are bad is a tie.")),
    "exclude": (_("Left out"), _("Votes that both are bad are left out of the ratings.")),
    "apart": (
        _("Told apart, as a rate"),
        _("Votes that both are bad move no rating; each system’s share of them is in a column of its own."),
    ),
}

#: Why a call of a system gave no answer.
FAILURES: Final[dict[str, Promise]] = {
    "ConnectFailed": _("no connection"),
    "TimedOut": _("too slow"),
    "RateLimited": _("over its rate limit"),
    "ServerFailed": _("reported an error of its own"),
    "Truncated": _("broke off"),
    "Misconfigured": _("set up wrongly"),
    "AddressForbidden": _("address not allowed"),
    "BadResponse": _("unreadable answer"),
    "TooLarge": _("too much data"),
    "NothingSaid": _("empty answer"),
    "Unsupported": _("prompt not supported"),
    "NotAudio": _("no audio"),
    "ClipTruncated": _("broke off"),
    "NotFinite": _("unreadable audio"),
    "Silent": _("silence"),
    "TooShort": _("too short"),
    "TooLong": _("too long"),
    "TooExpensive": _("too expensive to decode"),
    "Unlevelled": _("cannot be brought to one loudness"),
    "ClipLost": _("lost in the store"),
    "Other": _("another failure"),
}

#: Why votes are left out of the ratings.
EXCLUSIONS: Final[dict[str, Promise]] = {
    "identity_revealed": _("an answer named its own maker or model"),
    "simulated": _("simulated votes"),
    "withdrawn": _("withdrawn by the voter"),
}

#: Why a battle's texts are not in a release.
TEXT_STATUSES: Final[dict[str, Promise]] = {
    "texts_off": _("this arena releases no texts"),
    "no_consent": _("no consent to publication"),
    "no_answers": _("without two complete answers"),
    "erased": _("a prompt was erased"),
    "too_long": _("a text is too long"),
    "personal_data": _("the filter found something"),
    "unreadable": _("the filter failed"),
    "provider_terms": _("the providers’ terms forbid it"),
}


def refusal_text(code: str) -> str:
    """Why a prompt or a battle was not accepted, or ended, in the active language."""
    text = BATTLE_REASONS.get(code)
    return str(text) if text is not None else message_of(code)


def described(state: str, reason: str) -> tuple[str, str]:
    """The label of a battle's state, and what the reason code says about it (empty where there is none)."""
    return str(STATES[state]), refusal_text(reason) if reason else ""
