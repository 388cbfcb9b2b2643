"""Reading a request's body: strict JSON in strict UTF-8, of bounded size.

A wrong byte in a prompt is the prompt's fault (422, as the contract says), broken JSON is the request's (400).
"""

import json
import re
from typing import Any, Final, NoReturn

from django.http import HttpRequest
from ninja.parser import Parser

#: 8,000 characters are at most 96 kB as JSON escapes; a prompt that is merely too long must still be told so.
MAX_BODY_BYTES: Final = 256_000
#: Half a surrogate pair, or NUL as the encoder writes it (an escaped backslash before it is no escape of it).
_UNSTORABLE: Final = re.compile(r"[\ud800-\udfff]|(?<!\\)(?:\\\\)*\\u0000")


class NotText(ValueError):
    """The body is not valid UTF-8, or it escapes characters that no text has: NUL or half of a surrogate pair."""


class NotJson(ValueError):
    """The body is not a JSON document, or one with a repeated name or a number that JSON does not have."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _value in pairs}) != len(pairs):
        raise NotJson("a name is repeated")
    return dict(pairs)


def _no_number(name: str) -> NoReturn:
    raise NotJson(f"{name} is no JSON number")


def parse(body: bytes) -> Any:
    """The document in `body`.

    Raises:
        NotText: the bytes are no UTF-8, or a string holds NUL or a lone surrogate.
        NotJson: the text is no JSON.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise NotText from error
    try:
        document = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise NotJson from error
    # Raw control characters and surrogates cannot get this far: only an escape can bring them in.
    if "\\u" in text and _UNSTORABLE.search(json.dumps(document, ensure_ascii=False)):
        raise NotText
    return document


class StrictParser(Parser):
    """ninja's parser with `parse` for the body."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The JSON document of the request."""
        return parse(request.body)
