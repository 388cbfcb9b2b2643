"""The long texts of the site. One source: the pages render them, and `write_docs` writes docs/ from them."""

from arena.web.texts.methods import methods
from arena.web.texts.model import Section, Text, as_markdown
from arena.web.texts.privacy import privacy

__all__ = ["Section", "Text", "as_markdown", "methods", "privacy"]
