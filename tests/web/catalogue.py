"""What the sources say, extracted with Babel: the tests need no gettext tools on the machine."""

import io
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TypeAlias

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
#: A msgid; with a plural, both forms.
MessageId: TypeAlias = str | tuple[str, ...]
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
}


@cache
def catalogue(language: str) -> Catalog:
    """The stored translations of a language."""
    with (settings.LOCALE_PATHS[0] / language / "LC_MESSAGES" / "django.po").open("rb") as file:
        return read_po(file, locale=language)


def source_messages() -> dict[MessageId, set[str]]:
    """Every message of the sources → the files that say it."""
    found: dict[MessageId, set[str]] = {}
    for path in sorted((ROOT / "arena").rglob("*")):
        if path.suffix in (".py", ".html") and "migrations" not in path.parts:
            for message in _messages(path):
                found.setdefault(message, set()).add(str(path.relative_to(ROOT)))
    return found


def _messages(path: Path) -> Iterator[MessageId]:
    source = path.read_text("utf-8")
    if path.suffix == ".html":
        # templatize keeps the indentation of HTML, which no Python tokenizer accepts.
        source = "\n".join(line.lstrip() for line in templatize(source).splitlines())
    # To split a module into tokens takes a hundred times as long as to see that it says nothing.
    if not any(f"{keyword}(" in source for keyword in KEYWORDS):
        return
    for _line, message, _comments, _context in extract("python", io.BytesIO(source.encode()), KEYWORDS):
        yield message
