"""How the arena measures, in words that a visitor can check against the source."""

from django.conf import settings
from django.utils.translation import gettext as _

from arena.web.texts.board_methods import board_sections
from arena.web.texts.model import Section, Text
from arena.web.texts.rating_methods import intervals, ratings


def methods() -> Text:
    """The methods page in the active language."""
    return Text(
        title=_("Methods"),
        lead=_(
            "How two systems are chosen, how their identity is hidden until you vote, how votes become ratings, "
            "and what the ratings can and cannot tell you."
        ),
        sections=(
            _battle(),
            _sampling(),
            _blindness(),
            _failures(),
            _listening(),
            _votes(),
            ratings(),
            intervals(),
            *board_sections(),
            _limits(),
        ),
    )


def _battle() -> Section:
    return Section(
        "battle",
        _("A battle"),
        (
            _(
                "You write a prompt. Two systems answer it side by side, without their names. You may ask further "
                "questions; both systems get them, each with its own history. At any point where both answers are "
                "complete you vote once: left, right, tie, or both are bad. Only then are the names shown."
            ),
            _(
                "Before a battle starts, the prompt is checked for its length and by a content filter. If the filter "
                "cannot be reached, the prompt is not accepted; it is never let through unchecked. A prompt that is "
                "refused is kept with the reason, so that refusals can be counted."
            ),
        ),
    )


def _sampling() -> Section:
    return Section(
        "sampling",
        _("Which two systems meet"),
        (
            _(
                "From all systems that can answer the prompt, a pair is drawn at random, in proportion to the "
                "product of their weights. A new system gets a higher weight at first, which falls to the normal one "
                "with the battles that it has had. Which of the two stands left and which right is drawn by a fair "
                "coin."
            ),
            _(
                "With each draw the arena stores the pool, the weights, the version of the policy, the random seed, "
                "and the propensity: the probability with which exactly this pair was to be drawn, and that of this "
                "order. With the propensities, an analysis can correct for the fact that some pairs meet more often. "
                "The database refuses a draw without them."
            ),
            _(
                "A system is a fixed version: model, parameters and prices. A change makes a new version. If only the "
                "price changes, the rating goes on; if anything changes that can alter an answer, the rating starts "
                "anew."
            ),
            _(
                "A system may be a router: it has no answers of its own, but picks for your prompt one of the other "
                "systems, which answers in its place for the whole battle. The pick is shown after the vote. A router "
                "does not meet the system that it has picked: the pair is then drawn again without the router, and "
                "both draws stay on record."
            ),
            _(
                "For the prompts that an arena of music suggests, a few battles are made before anybody asks, so that "
                "a first one starts at once. Whoever asks for such a prompt gets the oldest of them whose two systems "
                "still take part; after twelve hours it is given to nobody. Its pair was drawn as every other one, "
                "and neither the visitor nor the sound decides who gets which."
            ),
        ),
    )


def _blindness() -> Section:
    return Section(
        "blindness",
        _("What you cannot see before the vote"),
        (
            _("Until you vote, nothing that differs by system leaves the server except the text of the answer:"),
            (
                _("no names, no identifiers, no token counts, no prices, no error messages of a provider;"),
                _("no hidden reasoning of a model;"),
                _("no images or other content from elsewhere: an answer is shown as text and formatting only."),
            ),
            _(
                "Speed would give a system away, too. Both answers therefore appear at one common pace, in steps of "
                "%(frame_ms)d milliseconds, and both are shown as complete at the same moment. The true speeds are "
                "measured and shown after the vote."
            )
            % {"frame_ms": round(settings.ARENA_FRAME_S * 1000)},
            _(
                "Both clips of a battle of music have one length, one loudness and one format, whatever their systems "
                "gave, and can be played from the same moment on. How long a pair takes is not hidden: that a system "
                "is slow can be guessed, not on which side it is."
            ),
            _(
                "An answer may still name its own maker. Such answers are recognised by a versioned list of phrases. "
                "The vote is kept, but it does not count for the ratings."
            ),
        ),
    )


def _failures() -> Section:
    return Section(
        "failures",
        _("When a system fails"),
        (
            _(
                "If a system fails before any text was shown, the pair is drawn again without it, and both sides "
                "start anew. If it fails later, the same system is asked again. If that does not help, the battle "
                "ends without a vote: there is never a vote on one answer only. Every failed attempt stays on "
                "record, because a system that often fails would otherwise look better than it is."
            ),
        ),
    )


def _listening() -> Section:
    return Section(
        "listening",
        _("What was heard"),
        (
            _(
                "A vote on music counts only if enough of both clips was heard: five seconds of each, unless the "
                "arena says otherwise. The player reports when it plays, pauses or jumps, and once a second where "
                "it is in the clip. The server compares that with its own clock: two reports in a row prove at most "
                "the time that both clocks agree on."
            ),
            (
                _("Nothing is heard while the sound is off, while the clip stands still, or after a pause."),
                _("A second of time counts once, also with two pages open; while both clips play, neither counts."),
                _("A player that runs faster than music plays earns nothing until it keeps the pace again."),
                _("A report that was counted before does not count again, and a jump proves nothing."),
            ),
            _(
                "What is kept is the number of seconds and the parts of the clip that were heard, not the reports. "
                "Whoever sends honest-looking reports without listening needs as long as listening takes."
            ),
        ),
    )


def _votes() -> Section:
    return Section(
        "votes",
        _("Which votes count"),
        (
            _(
                "A battle has at most one vote, and a vote is never changed or deleted. These votes are kept but "
                "left out of the ratings, and the leaderboard says how many they are:"
            ),
            (
                _("votes on battles in which an answer named its own maker or model;"),
                _("votes that their voter has withdrawn;"),
                _("simulated votes, except in a demonstration arena, where the leaderboard says so."),
            ),
            _("The number of battles and votes per visitor and per network is limited."),
        ),
    )


def _limits() -> Section:
    return Section(
        "limits",
        _("What the ratings do not say"),
        (
            (
                _("They describe the taste of those who voted here, on the prompts that were asked here."),
                _("They say which answer is preferred, not which one is true."),
                _("They compare systems as they were configured here; elsewhere the same model may behave otherwise."),
            ),
        ),
    )
