"""The points that MDN's HTTP Observatory gives an answer for its headers, by its published rules.

Source: developer.mozilla.org/en-US/observatory/docs/tests_and_scoring, and the open source of the scanner
(mdn/mdn-http-observatory: `src/grader/charts.js` for the numbers, `src/analyzer/tests` for the rules), as of 2026.
100 points; penalties first; bonuses only from 90 points up; at least 0. Left out: the redirection of plain HTTP, which
is the proxy's, and the list of preloaded hosts, whose 5 points nobody can earn with a header.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.cookies import Morsel
from typing import Final

BROAD: Final = {"ftp:", "http:", "https:", "*", "http://*", "http://*.*", "https://*", "https://*.*"}
INLINE: Final = {"'unsafe-inline'", "data:"}
SIX_MONTHS_S: Final = 15_768_000
PRIVATE_REFERRERS: Final = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}
REFERRERS: Final = PRIVATE_REFERRERS | {
    *("origin", "origin-when-cross-origin", "unsafe-url", "no-referrer-when-downgrade"),
}


@dataclass(frozen=True)
class Answer:
    """What the scanner looks at: headers by lower-case name, cookies, and the page."""

    headers: Mapping[str, str]
    cookies: Iterable[Morsel[str]] = ()
    html: str = ""


def score(answer: Answer) -> int:
    """The points of an answer over HTTPS."""
    modifiers = points(answer).values()
    total = 100 + sum(one for one in modifiers if one < 0)
    if total >= 90:
        total += sum(one for one in modifiers if one > 0)
    return max(0, total)


def points(answer: Answer) -> dict[str, int]:
    """Test → its modifier."""
    csp = parse_csp(answer.headers.get("content-security-policy", ""))
    return {
        "content-security-policy": _csp(csp),
        "cookies": _cookies(answer),
        "cross-origin-resource-sharing": _cors(answer.headers),
        "referrer-policy": _referrer(answer.headers.get("referrer-policy", "")),
        "strict-transport-security": _hsts(answer.headers.get("strict-transport-security", "")),
        "subresource-integrity": _integrity(answer.html),
        "x-content-type-options": 0 if answer.headers.get("x-content-type-options", "").lower() == "nosniff" else -5,
        "x-frame-options": _frames(csp, answer.headers.get("x-frame-options", "")),
        "cross-origin-resource-policy": _corp(answer.headers.get("cross-origin-resource-policy")),
    }


def parse_csp(text: str) -> dict[str, set[str]]:
    """Directive → its sources; the first of two directives counts."""
    policy: dict[str, set[str]] = {}
    for directive in filter(None, (one.strip() for one in text.split(";"))):
        name, *sources = directive.split()
        policy.setdefault(name.lower(), {source.lower() for source in sources} or {"'none'"})
    return policy


def _csp(policy: Mapping[str, set[str]]) -> int:
    if not policy:
        return -25
    default = policy.get("default-src", {"*"})
    script, style, objects = (
        _without_idle_inline(policy.get(name, default)) for name in ("script-src", "style-src", "object-src")
    )
    passive = policy.get("img-src", default) | policy.get("media-src", default)
    active = set().union(
        script, *(sources for name, sources in policy.items() if name not in ("img-src", "media-src"))
    )
    if script & (BROAD | INLINE) or objects & BROAD or _insecure(active):
        return -20
    if "'unsafe-eval'" in script | style or _insecure(passive):
        return -10
    if style & (BROAD | INLINE):
        return 0
    return 10 if policy.get("default-src") == {"'none'"} else 5


def _without_idle_inline(sources: set[str]) -> set[str]:
    """A nonce or a hash switches 'unsafe-inline' off."""
    named = any(re.match("'(nonce|sha(256|384|512))-", source) for source in sources)
    return sources - {"'unsafe-inline'"} if named else sources


def _insecure(sources: set[str]) -> bool:
    return any(source.startswith(("http:", "ftp:")) for source in sources)


def _cookies(answer: Answer) -> int:
    cookies = list(answer.cookies)
    hsts = _hsts(answer.headers.get("strict-transport-security", "")) == 0
    found = [_cookie(cookie, hsts=hsts) for cookie in cookies]
    if not found or min(found) < 0:
        return min(found, default=0)
    return 5 if all(cookie["samesite"] for cookie in cookies) else 0


def _cookie(cookie: Morsel[str], *, hsts: bool) -> int:
    session = any(word in cookie.key.lower() for word in ("login", "sess"))
    if session and not cookie["secure"]:
        return -10 if hsts else -40
    if session and not cookie["httponly"]:
        return -30
    if "csrf" in cookie.key.lower() and not cookie["samesite"]:
        return -20
    if cookie["samesite"] and cookie["samesite"].lower() not in ("lax", "strict", "none"):
        return -20
    if not cookie["secure"]:
        return -5 if hsts else -20
    return 0


def _cors(headers: Mapping[str, str]) -> int:
    credentials = headers.get("access-control-allow-credentials", "").lower() == "true"
    return -50 if credentials and headers.get("access-control-allow-origin") else 0


def _referrer(text: str) -> int:
    # A browser takes the last value that it knows.
    known = [one for one in (part.strip().lower() for part in text.split(",")) if one in REFERRERS]
    if not text:
        return 0
    return 5 if known and known[-1] in PRIVATE_REFERRERS else -5


def _hsts(text: str) -> int:
    age = re.search(r"max-age=(\d+)", text.lower())
    if not age:
        return -20
    return 0 if int(age[1]) >= SIX_MONTHS_S else -10


def _integrity(html: str) -> int:
    elsewhere = re.findall(r"<script[^>]*\ssrc=[\"']?((?:https?:)?//[^\"'>\s]+)", html, re.IGNORECASE)
    if any(not address.startswith("https://") for address in elsewhere):
        return -50
    return -5 if elsewhere else 0


def _frames(policy: Mapping[str, set[str]], header: str) -> int:
    ancestors = policy.get("frame-ancestors")
    if ancestors and not ancestors & BROAD:
        return 5
    return 0 if header.upper() in ("DENY", "SAMEORIGIN") else -20


def _corp(text: str | None) -> int:
    return {None: 0, "same-origin": 10, "same-site": 10, "cross-origin": 0}.get(text, -5)
