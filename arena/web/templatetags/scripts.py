"""What a page hands to its scripts."""

from django import template
from django.utils.html import json_script
from django.utils.safestring import SafeString

from arena.web.strings import script_strings as all_strings

register = template.Library()


@register.simple_tag
def script_strings() -> SafeString:
    """The strings of the scripts, for `frontend/src/strings.ts`; once in a page."""
    return json_script(all_strings(), "strings")
