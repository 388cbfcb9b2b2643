"""What the router's codes say to a visitor. The pure cores speak in codes; the words are here, for translation."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import get_language_info, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from arena.router.lengths import MOST_S

_MESSAGES: Final[dict[str, Promise]] = {
    "prompt_empty": _("Write something first: the prompt is empty."),
    "prompt_too_long": _("The prompt is too long: at most 8,000 characters."),
    "prompt_encoding": _("The prompt is not valid text (it is wrongly encoded)."),
    "prompt_control_characters": _("The prompt contains control characters. Paste it as plain text and try again."),
    "requirement_invalid": _("The requirement is not one that this arena knows."),
    "unsafe_minors": _("This prompt was not accepted: it reads as sexual content involving minors."),
    "unsafe_weapons": _("This prompt was not accepted: it reads as a request for means to hurt many people."),
    "unsafe_self_harm": _(
        "This prompt was not accepted: it reads as a request for ways to hurt oneself. If you are thinking of it, "
        "please talk to somebody: findahelpline.com lists free and confidential lines."
    ),
    "unsafe_threat": _("This prompt was not accepted: it reads as a threat, or as an attempt to expose a person."),
    "unsafe_content": _("This prompt was not accepted by the moderation of this site."),
    "music_artist": _(
        "This prompt was not accepted: it names an artist. Describe the sound instead: genre, "
        "instruments, mood, voice."
    ),
    "music_known_song": _(
        "This prompt was not accepted: it names an existing song. Describe what you would like to hear instead."
    ),
    "music_known_lyrics": _(
        "This prompt was not accepted: it holds lyrics of an existing song. Words of your own are welcome."
    ),
    "music_explicit": _("This prompt was not accepted: it asks for sexually explicit content."),
    "music_hateful": _("This prompt was not accepted: it reads as hatred against a group of people."),
    "no_systems": _("This arena has no two systems ready to answer at the moment. Please try again later."),
    "no_pair": _("No two systems of this arena can answer this prompt. Please try another one."),
}


#: The languages that a form offers for lyrics; a program may ask for any.
_LANGUAGES: Final = ("en", "fr", "de", "es", "it", "pt", "ja", "ko", "zh-hans")


def language_choices() -> list[tuple[str, str]]:
    """Tags and names, in the active language, of what lyrics may be wished in."""
    return [(tag.partition("-")[0], _language_name(tag)) for tag in _LANGUAGES]


def _language_name(tag: str) -> str:
    try:
        return str(get_language_info("zh-hans" if tag == "zh" else tag)["name_translated"])
    except KeyError:
        return tag


def summary_of(requirement: Mapping[str, Any]) -> str:
    """What was understood of a music prompt, in a few words: "vocal, English, 30 s"; empty for other requirements."""
    if "vocals" not in requirement:
        return ""
    parts = [gettext("vocal") if requirement["vocals"] else gettext("instrumental")]
    if language := requirement.get("language"):
        parts.append(_language_name(str(language)))
    if lyrics := requirement.get("lyrics"):
        count = len(str(lyrics).split())
        parts.append(ngettext("lyrics of %(count)d word", "lyrics of %(count)d words", count) % {"count": count})
    if seconds := requirement.get("duration_s"):
        # Who wished for more reads here that there is no more.
        words = gettext("%(seconds)s s at most") if seconds >= MOST_S else gettext("%(seconds)s s")
        parts.append(words % {"seconds": f"{seconds:g}"})
    if bpm := requirement.get("tempo_bpm"):
        parts.append(gettext("%(bpm)s beats per minute") % {"bpm": f"{bpm:g}"})
    return ", ".join([*parts, *(requirement.get("genres") or ())])


def message_of(code: str) -> str:
    """The sentence of a code in the active language; of an unknown code, that something was not accepted."""
    return str(_MESSAGES.get(code, _MESSAGES["unsafe_content"]))
