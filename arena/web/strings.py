"""What the scripts say. TypeScript has no words of its own: it looks them up here, translated, by key.

`frontend/src/strings.ts` names the same keys; a test compares the two. `{name}` is filled in by the script.
"""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from arena.web.messages import BATTLE_REASONS, OUTCOMES, refusal_text

SCRIPT_STRINGS: Final[dict[str, Promise]] = {
    # The start form
    "prompt.left": _("Characters left: {count}"),
    "prompt.over": _("Characters too many: {count}"),
    "prompt.empty": _("Write something first: the prompt is empty."),
    "prompt.starting": _("Starting…"),
    "requirement.understood": _("Understood: {summary}."),
    "requirement.nobody": _("Understood: {summary}. No two systems can do this at the moment."),
    "requirement.waiting": _("Voice, length, tempo and language are read from your prompt."),
    # The heading
    "title.open": _("Which answer is better?"),
    "title.voted": _("Now you know who answered"),
    "title.ended": _("No comparison this time"),
    "title.open.music": _("Which clip is better?"),
    "title.voted.music": _("Now you know who played"),
    # Progress
    "phase.queued": _("In the queue. The systems begin as soon as there is room."),
    "phase.waiting": _("Waiting for both systems to begin…"),
    "phase.waiting.music": _("Both systems are making music…"),
    "phase.preparing": _("Making both clips equally loud and equally long…"),
    "phase.expected": _("About {seconds} s to go."),
    "phase.overdue": _("This takes longer than usual."),
    "phase.writing": _("Both systems are writing…"),
    "phase.retrying": _("An answer broke off and is being written again…"),
    "phase.stopping": _("Stopping…"),
    "phase.finishing": _("Both are done. Checking that nothing is missing…"),
    "phase.ready": _("Both answers are complete. Which is better?"),
    "phase.finishing.music": _("Both are done. Loading the clips…"),
    "phase.ready.music": _("Both clips are ready. Listen to both, then vote."),
    "phase.voted": _("Your vote is counted."),
    "phase.failed": _("This battle failed."),
    "phase.refused": _("This prompt was not accepted."),
    "phase.expired": _("This battle was closed without a vote."),
    # The connection
    "connection.waiting": _("The connection broke. Reconnecting…"),
    "connection.offline": _("You are offline. The answers go on by themselves and appear when you are back."),
    "connection.gone": _("This battle cannot be found any more. Please reload the page."),
    # Clips
    "clip.play": _("Play"),
    "clip.pause": _("Pause"),
    "clip.time": _("{now} of {total}"),
    "clip.heard": _("Heard {seconds} of {required} s"),
    "clip.heard_enough": _("Heard enough to vote"),
    "clip.broken": _("This clip cannot be played. Please reload the page."),
    "clip.now_left": _("Left clip"),
    "clip.now_right": _("Right clip"),
    "deck.loop_start": _("Loop from here"),
    "deck.loop_end": _("Loop from {start} to here"),
    "deck.loop_off": _("Stop the loop {start}–{end}"),
    "listen.first": _("Listen to both clips before you vote."),
    "listen.missing_left": _("To vote, listen to {seconds} s more of the left clip."),
    "listen.missing_right": _("To vote, listen to {seconds} s more of the right clip."),
    "listen.missing_both": _("To vote, listen to {left} s more of the left clip and {right} s more of the right one."),
    # Answers
    "answer.copied": _("Copied"),
    "answer.copy_code": _("Copy code"),
    "answer.copy_failed": _("Copying was refused by the browser"),
    "answer.empty": _("This system gave an empty answer."),
    "answer.left_turn": _("Left answer, turn {n}"),
    "answer.right_turn": _("Right answer, turn {n}"),
    "turn.name": _("Turn {n}"),
    # The vote
    "vote.sending": _("Sending your vote…"),
    "vote.armed": _("“{outcome}” is chosen. Press the key again, or Enter, to cast your vote."),
    "vote.conflict": _("This battle has a vote already; it stays as it was."),
    "vote.lost": _("Your vote did not get through. It is safe to try again."),
    "vote.said": _("You voted: {outcome}"),
    # Follow-ups, reports, errors
    "turn.sending": _("Sending…"),
    "report.sent": _("Thank you. An operator will look at it."),
    "report.repeated": _("You have reported this answer already."),
    "error.network": _("The arena cannot be reached. Your text is kept; please try again."),
    "error.limit": _("Please try again in about {time}."),
    "error.unknown": _("Something went wrong. Your text is kept; please try again."),
    # Figures of the reveal
    "unit.seconds": _("{number} s"),
    "unit.speed": _("{number} × real time"),
    "unit.tokens": _("{number} tokens"),
    "unit.unknown": _("not known"),
}
#: Codes of the router that a battle may end with.
_ROUTER_REASONS: Final = (
    *("no_systems", "no_pair"),
    *("unsafe_minors", "unsafe_weapons", "unsafe_self_harm", "unsafe_threat", "unsafe_content"),
)


def words(key: str, modality: str) -> str:
    """The string of a key in an arena of this modality, which may have its own."""
    return str(SCRIPT_STRINGS.get(f"{key}.{modality}") or SCRIPT_STRINGS[key])


def script_strings() -> dict[str, str]:
    """Every string of the scripts in the active language, by key."""
    told = {key: str(text) for key, text in SCRIPT_STRINGS.items()}
    told |= {f"outcome.{code}": str(text) for code, text in OUTCOMES.items()}
    told |= {f"reason.{code}": refusal_text(code) for code in (*BATTLE_REASONS, *_ROUTER_REASONS)}
    return told
