"""Docstrings on a page."""

import re
from typing import Final

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
_MARKED: Final = re.compile(r"`([^`]+)`")


@register.filter
def code_marks(text: str) -> SafeString:
    """The text with everything between backticks as `<code>`; all of it is escaped first."""
    return mark_safe(_MARKED.sub(r"<code>\1</code>", escape(text)))  # noqa: S308 - escaped in this line
