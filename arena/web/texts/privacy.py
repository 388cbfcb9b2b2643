"""What is stored about a visitor, in words that the models and settings keep true."""

from django.conf import settings
from django.utils.translation import gettext as _

from arena.accounts.limits import MAX_WINDOW_S
from arena.accounts.services import CONSENT_TEXT_VERSION
from arena.web.texts.model import Section, Text
from data_releases.anonymise import MIN_VOTERS
from data_releases.models import EMBARGO_DAYS, WITHDRAWAL_DAYS


def privacy(voter_cookie: str, contact: str) -> Text:
    """The privacy page in the active language. `contact` reaches the operator; it may be empty."""
    return Text(
        title=_("Privacy"),
        lead=_(
            "You need no account, no name and no e-mail address. This page says exactly what is stored when you use "
            "the arena, what it is used for, and what you can do about it."
        ),
        sections=(
            _stored(),
            _cookies(voter_cookie),
            _not_stored(),
            _consent(),
            _publication(),
            _duration(),
            _rights(contact),
        ),
    )


def _stored() -> Section:
    return Section(
        "stored",
        _("What is stored"),
        (
            _("Before you agree to take part, nothing about you is stored. Afterwards the arena stores:"),
            (
                _(
                    "a voter record: the date and the SHA-256 hash of the random value in your cookie. From the hash "
                    "nobody can compute the cookie;"
                ),
                _(
                    "your answers to the consent question, each with the date, the language and the version of the "
                    "text that you saw (now version %(version)s);"
                )
                % {"version": CONSENT_TEXT_VERSION},
                _("the prompts that you send, also those that were refused, with the reason;"),
                _("the answers of the systems, with times, token counts and costs;"),
                _("your votes, with the reasons and the feedback that you choose to give;"),
                _("for music: how many seconds and which parts of each clip you heard before your vote;"),
                _("reports of answers that you choose to send;"),
                _(
                    "counters that limit misuse: how often a voter or a network did something within a period of "
                    "time. The network is the address cut to its prefix (/24 for IPv4, /48 for IPv6), and only its "
                    "keyed hash is stored."
                ),
            ),
        ),
    )


def _cookies(voter_cookie: str) -> Section:
    return Section(
        "cookies",
        _("Cookies and your browser's storage"),
        (
            (
                _(
                    "%(name)s: your voter cookie, a random value. It is set when you agree to take part and lasts "
                    "one year. Scripts cannot read it."
                )
                % {"name": voter_cookie},
                _("%(name)s: protects the forms against other websites; lasts one year.")
                % {"name": settings.CSRF_COOKIE_NAME},
                _("%(name)s: your language, if you choose one; lasts until you close the browser.")
                % {"name": settings.LANGUAGE_COOKIE_NAME},
                _(
                    "Your browser's own storage keeps the draft of a prompt and your choice of light or dark. Both "
                    "stay on your device."
                ),
                _("It also keeps the volume that you chose and, until you close the page, where you were in a clip."),
            ),
            _("There are no cookies, scripts, fonts or images of third parties, and nothing that tracks you."),
        ),
    )


def _not_stored() -> Section:
    return Section(
        "not-stored",
        _("What is not stored"),
        (
            (
                _("your IP address: it is used for the limits above while a request runs, and then forgotten;"),
                _("the name and version of your browser;"),
                _("your place, your name or any profile."),
            ),
            _(
                "The systems that answer may be services of other companies. They receive your prompts, but nothing "
                "else about you. Please write nothing into a prompt that names you or other people."
            ),
            _(
                "A service that checks prompts and one that reads what a prompt for music asks for may receive it "
                "too, in the same way. What the latter answered is kept for 30 days, without the prompt."
            ),
        ),
    )


def _consent() -> Section:
    return Section(
        "consent",
        _("What you agree to"),
        (
            _(
                "Research consent is needed to start a battle. It covers voting and the anonymised row of your vote: "
                "which two systems met, the outcome, the reasons ticked, the language and the week. It contains no "
                "text of yours and no identifier that links it to you."
            ),
            _(
                "Publication consent is optional and not ticked at first. It covers the text: your prompts, the "
                "answers and your feedback. Each battle remembers what you had agreed to when you started it."
            ),
            _(
                "You must be at least 16 years old. You can change the publication consent on this page at any time; "
                "the new answer holds for battles that you start afterwards."
            ),
        ),
    )


def _publication() -> Section:
    return Section(
        "publication",
        _("What is published"),
        (
            _("The leaderboard is published: for each system its rating and the number of votes."),
            _(
                "The battles and votes of a month may be published as a data release, after an embargo of %(days)d "
                "days as a rule. Every vote is in it as an anonymised row:"
            )
            % {"days": EMBARGO_DAYS},
            (
                _(
                    "your rows carry a pseudonym of this one release, made with a secret key that is destroyed at "
                    "publication. It joins your votes of that month; nothing joins it to you or to another month;"
                ),
                _(
                    "times are weeks, and languages and kinds of prompts that fewer than %(voters)d people share are "
                    "merged;"
                )
                % {"voters": MIN_VOTERS},
                _(
                    "for music, a row tells how many whole seconds and how many tenths of each clip you heard, not "
                    "when and not which parts;"
                ),
                _(
                    "prompts, answers and feedback are in it only with your publication consent, and only if a filter "
                    "finds no personal data in them. The filter runs on this site and does not recognise names of "
                    "persons in general, so please write none;"
                ),
                _(
                    "for music, the answers are the clips that you heard: they are in it with the same consent, where "
                    "their makers' terms allow it and the filter finds nothing in what they sing."
                ),
            ),
            _(
                "A published release never changes. What you withdraw before it is published is not in it; afterwards "
                "nobody is given the data of the release any more from the moment of your wish on, until a new "
                "revision without it takes its place, within minutes as a rule. Copies that others have taken stay "
                "with them; the revision tells them which rows to remove. To find your rows, the arena keeps which "
                "battle became which row for %(days)d days after publication, and forgets it then."
            )
            % {"days": WITHDRAWAL_DAYS},
        ),
    )


def _duration() -> Section:
    return Section(
        "duration",
        _("For how long"),
        (
            (
                _("Battles, votes and consents: without a time limit, because the ratings must stay checkable."),
                _("Counters that limit misuse: they are deleted after %(hours)d hours.")
                % {"hours": MAX_WINDOW_S // 3600},
                _("Your cookie: one year, or until you delete it."),
            ),
        ),
    )


def _rights(contact: str) -> Section:
    return Section(
        "rights",
        _("What you can do"),
        (
            (
                _(
                    "See every battle of this browser under “My battles”, and download everything that is stored "
                    "about it."
                ),
                _(
                    "Withdraw a battle, or all of them, under “My battles” or with the receipt that you saw after "
                    "your vote: the texts are erased at once, and the vote leaves the leaderboard if you want that."
                ),
                _("Change your publication consent below."),
                _(
                    "Let this browser be forgotten below: the cookie is deleted, and from then on nothing links your "
                    "browser to its battles."
                ),
            ),
            _("Contact: %(contact)s") % {"contact": contact}
            if contact
            else _("The operator of this site has not set a contact address yet."),
        ),
    )
