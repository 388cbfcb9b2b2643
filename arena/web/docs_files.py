"""docs/methods.md and docs/privacy.md: the same texts as the pages, as the defaults of the settings have them."""

from pathlib import Path
from typing import Final

from django.utils.translation import override

from arena.web import texts
from arena.web.texts.model import as_markdown

NOTE: Final = "Written by `manage.py write_docs` from arena/web/texts; edit there."
_DOCS: Final = Path(__file__).resolve().parents[2] / "docs"


def docs_files() -> dict[Path, str]:
    """Path → content, in English and with the cookie's name of a deployment with TLS."""
    with override("en"):
        pages = {"methods.md": texts.methods(), "privacy.md": texts.privacy("__Host-arena_voter", contact="")}
        return {_DOCS / name: as_markdown(text, NOTE) for name, text in pages.items()}
