"""Docstrings and paths on a page."""

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


@register.filter
def path_breaks(path: str) -> SafeString:
    """The path, which a narrow screen may break before each of its slashes and nowhere else."""
    return mark_safe(escape(path).replace("/", "<wbr>/").removeprefix("<wbr>"))  # noqa: S308 - escaped in this line
